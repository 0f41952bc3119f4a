import { asDigest } from '../../bytes/digest.js'
import { refuseAborted, toArchiveError } from '../../errors.js'
import type { Descriptor } from '../../model/descriptor.js'
import { findingLog } from '../../model/finding-log.js'
import { imageManifest, type ImageManifest } from '../../model/manifest.js'
import { roleOf } from '../../model/media-types.js'
import { parseOnce, type Reading } from '../documents.js'
import { getFile } from '../files.js'

const BRACE = 0x7b

/**
 * Descriptors of the indexes and manifests of a content store that nothing above them leads to, by their digests: what
 * there is to go by where the names are lost. `named` are digests that are known, and what these lead to is left out.
 */
export async function unnamedTargets(reading: Reading, named: readonly string[]): Promise<readonly Descriptor[]> {
  // What is odd about a document is told where an image is read of it.
  const quiet = { ...reading, log: findingLog(reading.files.location) }
  const documents = new Map<string, ImageManifest>()
  const descriptors: Descriptor[] = []
  for (const hex of await reading.files.list('blobs/sha256')) {
    refuseAborted(reading.context.signal)
    const digest = asDigest(`sha256:${hex}`)
    const found = digest === undefined ? undefined : await manifestAt(quiet, `blobs/sha256/${hex}`)
    if (digest === undefined || found === undefined) continue
    documents.set(digest, found.document)
    descriptors.push({ mediaType: typeOf(found.document), digest, size: found.size })
  }
  const known = new Set(named)
  for (const document of documents.values()) for (const { digest } of document.manifests ?? []) known.add(digest)
  return descriptors.filter(({ digest }) => !known.has(digest))
}

async function manifestAt(
  reading: Reading,
  path: string,
): Promise<{ readonly document: ImageManifest; readonly size: number } | undefined> {
  const file = await getFile(reading.files, path)
  if (file === undefined || file.source.size < 2) return undefined
  const [first] = await file.source.read({ offset: 0, length: 1 })
  if (first !== BRACE) return undefined
  const document = await parseOnce(reading, file, imageManifest).catch(noImage)
  return document !== undefined && isTarget(document.value)
    ? { document: document.value, size: file.source.size }
    : undefined
}

// Of a layer that begins with a brace, or of a damaged document, no image comes.
function noImage(error: unknown): undefined {
  if (toArchiveError(error).code === 'ERR_IO') throw error
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
