import { blobOf, type Ingested } from './containerd-store.js'
import { digestFault } from './copy-rules.js'
import { isObject, textFrom, valueOf } from './docker-config.js'
import { decodeWhole } from './go-syntax.js'
import {
  isIndex,
  isManifest,
  readDescriptors,
  readManifest,
  type ImageDocuments,
  type OciDescriptor,
} from './oci-documents.js'
import { Stop, stopIf, type Given } from './prediction.js'

/** A manifest of an image, as a target leads to it. */
export interface ImageManifest extends ImageDocuments {
  readonly platform: OciDescriptor['platform']
}

/**
 * Goes from a target through its indexes, as an import does before it makes an image: the manifests that are there, in
 * the order of the indexes, without attestations. Each blob is read once. Errors: Stop where a document is none.
 */
export async function manifestsBelow(
  given: Given,
  ingested: Ingested,
  target: OciDescriptor,
): Promise<readonly ImageManifest[]> {
  const found: ImageManifest[] = []
  const seen = new Set<string>()
  const todo = [target]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { digest, mediaType, platform } = next
    if (seen.has(`${mediaType} ${digest}`) || !(isManifest(mediaType) || isIndex(mediaType))) continue
    seen.add(`${mediaType} ${digest}`)
    if (digestFault(digest) !== undefined)
      throw new Stop(`InvalidArgument: ${JSON.stringify(digest)} failed validation`)
    const blob = blobOf(ingested, digest)
    if (blob === undefined) continue
    const bytes = await given.documents.read(blob.source)
    stopIf(documentFault(bytes, next))
    if (isIndex(mediaType)) {
      for (const child of childrenOf(bytes).toReversed()) todo.push(child)
    } else if (!isAttestation(next)) found.push({ platform, ...manifestOf(bytes) })
  }
  return found
}

function isAttestation({ annotations }: OciDescriptor): boolean {
  return annotations.get('vnd.docker.reference.type') === 'attestation-manifest'
}

/** What containerd says of a document that is not what its descriptor calls it (CVE-2021-41190). */
function documentFault(bytes: Uint8Array, { digest, mediaType }: OciDescriptor): string | undefined {
  const decoded = decodeWhole(bytes)
  const fault = 'fault' in decoded ? decoded.fault : kindFault(decoded.value, mediaType)
  return fault === undefined ? undefined : `children: invalid desc ${digest}: ${fault}`
}

function kindFault(value: unknown, mediaType: string): string | undefined {
  if (value !== null && !isObject(value))
    return 'json: cannot unmarshal it into Go value of type images.unknownDocument'
  const has = (key: string) => isObject(value) && Object.keys(value).some((own) => own.toLowerCase() === key)
  const own = textFrom(valueOf(value, 'mediaType'))
  if (has('fslayers')) return 'media-type: schema 1 not supported'
  if (isManifest(mediaType)) {
    return has('manifests') || isIndex(own) ? `media-type: expected manifest but found index (${mediaType})` : undefined
  }
  const isOther = has('config') || has('layers') || isManifest(own)
  return isOther ? `media-type: expected index but found manifest (${mediaType})` : undefined
}

function childrenOf(bytes: Uint8Array): readonly OciDescriptor[] {
  const read = readDescriptors(bytes, 'manifests')
  if ('fault' in read) throw new Stop(read.fault)
  return read.descriptors
}

function manifestOf(bytes: Uint8Array): ImageDocuments {
  const read = readManifest(bytes)
  if (typeof read === 'string') throw new Stop(read)
  return read
}
