import type { Descriptor } from '../model/descriptor.js'
import type { RawJson } from '../model/json.js'
import { imageManifest, type ImageManifest } from '../model/manifest.js'
import { roleOf } from '../model/media-types.js'
import { asDigest, type Digest } from '../bytes/digest.js'
import { familiarTagged } from '../model/reference.js'
import { parseOrTell, type Reading } from './documents.js'
import type { FoundFile } from './files.js'
import { blobPath, checkDocument, findBlob } from './oci-blobs.js'

/** A manifest that an index leads to. */
export interface FoundManifest {
  readonly descriptor: Descriptor
  readonly document: RawJson<ImageManifest>
  readonly file: FoundFile
  readonly names: readonly string[]
  /** The blob that the name points at: this manifest, or the index above it. */
  readonly target: Digest | undefined
}

// Indexes may nest (OCI image spec, image-index.md); real ones do so once.
const MOST_DEPTH = 8

interface Walk {
  readonly reading: Reading
  readonly found: FoundManifest[]
  /** Paths of all indexes and manifests that were reached. */
  readonly reached: Set<string>
  /** Digests on the way down, against circles. */
  readonly above: readonly string[]
  readonly names: readonly string[]
  readonly target: Digest | undefined
}

/** What index.json leads to. */
export interface WalkedIndex {
  /** Every manifest, in document order; one that is named twice comes once, with all its names. */
  readonly manifests: readonly FoundManifest[]
  /** Paths of all indexes and manifests, readable or not. */
  readonly reached: ReadonlySet<string>
}

/** Follows index.json, and the indexes it leads to, down to the manifests. */
export async function walkIndex(reading: Reading, index: ImageManifest, path: string): Promise<WalkedIndex> {
  const found: FoundManifest[] = []
  const reached = new Set<string>()
  for (const descriptor of index.manifests ?? []) {
    await walk(
      { reading, found, reached, above: [], names: namesOf(descriptor), target: asDigest(descriptor.digest) },
      descriptor,
      path,
    )
  }
  return { manifests: mergeNames(found), reached }
}

async function walk(state: Walk, descriptor: Descriptor, from: string): Promise<void> {
  const { reading, above } = state
  const file = await findBlob(reading, descriptor, from)
  if (file === undefined) {
    tellMissing(state, descriptor, from)
    return
  }
  state.reached.add(file.path)
  await checkDocument(reading, file, descriptor, 'BLOB_DIGEST_MISMATCH')
  const document = await parseOrTell(reading, file, imageManifest, 'MANIFEST_INVALID')
  if (document === undefined || !checkMediaType(reading, descriptor, document.value, file.path)) return
  if (document.value.manifests === undefined) {
    state.found.push({ descriptor, document, file, names: state.names, target: state.target })
    return
  }
  if (above.includes(descriptor.digest) || above.length >= MOST_DEPTH) {
    reading.log.add('MANIFEST_INVALID', 'indexes nest too deep or in a circle', { path: file.path })
    return
  }
  for (const child of document.value.manifests) {
    const names = [...state.names, ...namesOf(child)]
    await walk({ ...state, above: [...above, descriptor.digest], names }, child, file.path)
  }
}

// Docker leaves platforms out that it does not have, and registries let layouts be sparse: below a nested index it is a
// warning's worth, but the code is one, so only what a name points at directly is told as missing.
function tellMissing(state: Walk, descriptor: Descriptor, from: string): void {
  const digest = asDigest(descriptor.digest)
  if (digest === undefined) return
  const code = state.above.length === 0 ? 'BLOB_MISSING' : 'PLATFORM_MISSING'
  state.reading.log.add(code, `${blobPath(digest)} is not in the archive, ${from} refers to it`, {
    path: blobPath(digest),
  })
}

function checkMediaType(reading: Reading, descriptor: Descriptor, document: ImageManifest, path: string): boolean {
  const isIndex = document.manifests !== undefined
  const isManifest = document.layers !== undefined || document.config !== undefined || document.fsLayers !== undefined
  const claims = [roleOf(descriptor.mediaType), roleOf(document.mediaType ?? '')]
  const lies = claims.includes(isIndex ? 'manifest' : 'index')
  const differs =
    document.mediaType !== undefined && document.mediaType !== '' && document.mediaType !== descriptor.mediaType
  if ((isIndex && isManifest) || lies || differs) {
    reading.log.add('MANIFEST_MEDIA_TYPE', `${path} is not what its media type says`, {
      path,
      expected: descriptor.mediaType,
      ...(document.mediaType !== undefined && { actual: document.mediaType }),
    })
  }
  if (isIndex || isManifest) return true
  reading.log.add('MANIFEST_INVALID', `${path} is neither a manifest nor an index`, { path })
  return false
}

/** Names that a descriptor of index.json carries: containerd's full name wins over the OCI ref name. */
function namesOf(descriptor: Descriptor): readonly string[] {
  const full = descriptor.annotations?.get('io.containerd.image.name')
  if (full !== undefined && full !== '') return [familiarTagged(full)]
  const ref = descriptor.annotations?.get('org.opencontainers.image.ref.name')
  if (ref === undefined || ref === '') return []
  return [/[/:]/.test(ref) ? familiarTagged(ref) : ref]
}

function mergeNames(found: readonly FoundManifest[]): readonly FoundManifest[] {
  const byDigest = new Map<string, FoundManifest>()
  for (const manifest of found) {
    const known = byDigest.get(manifest.document.digest)
    const names = [...new Set([...(known?.names ?? []), ...manifest.names])]
    byDigest.set(manifest.document.digest, { ...(known ?? manifest), names })
  }
  return [...byDigest.values()]
}
