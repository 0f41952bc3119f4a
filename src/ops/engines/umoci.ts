import type { EngineName } from '../../model/engine-names.js'
import { decodeBase64 } from '../../bytes/base64.js'
import { asDigest, digestOf, type Digest } from '../../bytes/digest.js'
import { listFrom, textFrom, valueOf } from './docker-config.js'
import { decodeWhole } from './go-syntax.js'
import { blobPath, layoutDisk, type LayoutDisk } from './layout-disk.js'
import { descriptorOf, readDescriptors, readManifest, type OciDescriptor } from './oci-documents.js'
import { Stop, type Engine, type Given, type Loading } from './prediction.js'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const REF = 'org.opencontainers.image.ref.name'
const MOST_DEPTH = 8

/** `umoci stat` of the first tag on the extracted layout, `umoci list` where there is none; layers are not read. */
export function umociEngine(id: EngineName, title: string): Engine {
  return { id, title, load }
}

async function load(given: Given, loading: Loading): Promise<void> {
  const disk = layoutDisk(given)
  await checkLayout(given, disk)
  const decoded = decodeWhole(await given.documents.read(disk.file('index.json')))
  if ('fault' in decoded) throw new Stop(`get top-level index: parse index: ${decoded.fault}`)
  const descriptors = listFrom(valueOf(decoded.value, 'manifests')).map(descriptorOf)
  loading.ignores.add('layers: only `umoci unpack` reads them')
  const tagged = descriptors.filter(({ annotations }) => annotations.has(REF))
  const [tag] = tagged.map(({ annotations }) => annotations.get(REF) ?? '')
  // What has a colon cannot be named on umoci's command line; its list shows it.
  if (tag === undefined || tag.includes(':')) return
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag)) {
    throw new Stop(`invalid --image: tag contains invalid characters: '${tag}'`)
  }
  const named = tagged.filter(({ annotations }) => annotations.get(REF) === tag)
  const found: OciDescriptor[] = []
  for (const one of named) found.push(...(await manifestsOf(given, disk, one)))
  const [descriptor] = found
  if (descriptor === undefined) throw new Stop(`tag not found: ${tag}`)
  if (found.length > 1) throw new Stop(`tag is ambiguous: ${tag}`)
  loading.images.push({ imageID: await stat(given, disk, descriptor), names: new Set([tag]) })
}

async function checkLayout(given: Given, disk: LayoutDisk): Promise<void> {
  if (!disk.has('oci-layout')) throw new Stop('open CAS: validate: read oci-layout: invalid image detected')
  const decoded = decodeWhole(await given.documents.read(disk.file('oci-layout')))
  const version = 'fault' in decoded ? undefined : textFrom(valueOf(decoded.value, 'imageLayoutVersion'))
  if (version !== '1.0.0') {
    throw new Stop('open CAS: validate: layout version is not supported: invalid image detected')
  }
  if (!disk.has('blobs')) throw new Stop('open CAS: validate: check blobdir: invalid image detected')
}

/** The image manifests that a descriptor leads to through indexes. */
async function manifestsOf(
  given: Given,
  disk: LayoutDisk,
  descriptor: OciDescriptor,
  depth = 0,
): Promise<readonly OciDescriptor[]> {
  if (descriptor.mediaType !== INDEX) return [descriptor]
  const path = blobPath(descriptor.digest)
  if (depth > MOST_DEPTH || !disk.has(path)) return []
  const read = readDescriptors(await given.documents.read(disk.file(path)), 'manifests')
  if ('fault' in read) throw new Stop(read.fault)
  const found: OciDescriptor[] = []
  for (const child of read.descriptors) found.push(...(await manifestsOf(given, disk, child, depth + 1)))
  return found
}

async function stat(given: Given, disk: LayoutDisk, descriptor: OciDescriptor): Promise<Digest> {
  if (descriptor.mediaType !== MANIFEST) {
    const what = 'descriptor does not point to ispec.MediaTypeImageManifest: not implemented'
    throw new Stop(`invalid saved from descriptor: ${what}: ${descriptor.mediaType}`)
  }
  const document = await verified(given, disk, descriptor)
  const manifest = readManifest(document)
  if (typeof manifest === 'string') throw new Stop(`stat: ${manifest}`)
  checkMediaType(document)
  return digestOf(await verified(given, disk, manifest.config))
}

/** Since 0.5 a manifest that calls itself something else is refused (CVE-2021-41190). */
function checkMediaType(document: Uint8Array): void {
  const decoded = decodeWhole(document)
  const mediaType = 'fault' in decoded ? '' : textFrom(valueOf(decoded.value, 'mediaType'))
  if (mediaType === '' || mediaType === MANIFEST) return
  const why = `malicious manifest detected: manifest contained incorrect mediaType: ${mediaType}`
  throw new Stop(`stat: parse ${MANIFEST}: ${why}`)
}

/** A blob: what the descriptor itself holds of it wins over the file. */
async function verified(given: Given, disk: LayoutDisk, descriptor: OciDescriptor): Promise<Uint8Array> {
  const { digest, mediaType, data } = descriptor
  const known = asDigest(digest)
  if (known === undefined) throw new Stop(`stat: get blob: invalid digest ${digest}`)
  const embedded = data === undefined ? undefined : decodeBase64(data)
  const bytes = embedded ?? (await given.documents.read(disk.file(blobPath(digest))))
  const actual = digestOf(bytes, digest.startsWith('sha512:') ? 'sha512' : 'sha256')
  if (actual !== digest && embedded !== undefined) {
    const why = `expected ${digest} not ${actual}: verified reader digest mismatch`
    throw new Stop(`stat: get blob: invalid embedded descriptor data: ${why}`)
  }
  if (actual !== digest) {
    throw new Stop(
      `stat: discard trailing ${JSON.stringify(mediaType)} blob: expected ${digest} not ${actual}: verified reader digest mismatch`,
    )
  }
  return bytes
}
