import { asDigest } from '../../bytes/digest.js'
import type { Descriptor } from '../../model/descriptor.js'
import { parseJson } from '../../model/json.js'
import { imageManifest, type ImageManifest } from '../../model/manifest.js'
import { roleOf } from '../../model/media-types.js'
import { getFile, type FileSet } from '../files.js'
import type { RootReading } from './reading.js'

const BRACE = 0x7b

/**
 * Descriptors of the indexes and manifests of a content store that nothing above them leads to, by their digests: what
 * there is to go by where the names are lost. `named` are digests that are known, and what these lead to is left out.
 */
export async function unnamedTargets(
  files: FileSet,
  named: readonly string[],
  reading: RootReading,
): Promise<readonly Descriptor[]> {
  const documents = new Map<string, ImageManifest>()
  const descriptors: Descriptor[] = []
  for (const hex of await files.list('blobs/sha256')) {
    reading.context.signal?.throwIfAborted()
    const digest = asDigest(`sha256:${hex}`)
    const found = digest === undefined ? undefined : await manifestAt(files, `blobs/sha256/${hex}`, reading)
    if (digest === undefined || found === undefined) continue
    documents.set(digest, found.document)
    descriptors.push({ mediaType: typeOf(found.document), digest, size: found.size })
  }
  const known = new Set(named)
  for (const document of documents.values()) for (const { digest } of document.manifests ?? []) known.add(digest)
  return descriptors.filter(({ digest }) => !known.has(digest))
}

async function manifestAt(
  files: FileSet,
  path: string,
  { context: { limits } }: RootReading,
): Promise<{ readonly document: ImageManifest; readonly size: number } | undefined> {
  const file = await getFile(files, path)
  if (file === undefined || file.source.size < 2 || file.source.size > limits.json) return undefined
  const [first] = await file.source.read({ offset: 0, length: 1 })
  if (first !== BRACE) return undefined
  const bytes = await file.source.read({ offset: 0, length: file.source.size })
  try {
    const { value } = parseJson(bytes, imageManifest, path)
    return isTarget(value) ? { document: value, size: bytes.length } : undefined
  } catch {
    return undefined // a layer that begins with a brace, or a damaged document: no image comes of it
  }
}

/** Whether a document is an index, or a manifest with layers of an image; a config is neither. */
function isTarget({ manifests, config, layers }: ImageManifest): boolean {
  if (manifests !== undefined) return true
  return (
    config !== undefined && layers !== undefined && layers.every(({ mediaType }) => roleOf(mediaType) !== 'unknown')
  )
}

// Since OCI 1.0 the media type may be left out of a document.
function typeOf({ mediaType, manifests }: ImageManifest): string {
  if (mediaType !== undefined && mediaType !== '') return mediaType
  return `application/vnd.oci.image.${manifests === undefined ? 'manifest' : 'index'}.v1+json`
}
