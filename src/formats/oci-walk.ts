import { blobPath, type Descriptor } from '../model/descriptor.js'
import type { RawJson } from '../model/json.js'
import { imageManifest, type ImageManifest } from '../model/manifest.js'
import { roleOf } from '../model/media-types.js'
import { asDigest, type Digest } from '../bytes/digest.js'
import { groupedByName, NAME_ANNOTATIONS } from '../model/names.js'
import { familiarTagged, parseReference } from '../model/reference.js'
import { parseOrTell, type Reading } from './documents.js'
import type { FoundFile } from './files.js'
import { checkDocument, checkSize, findBlob } from './oci-blobs.js'

/** A manifest that an index leads to. */
export interface FoundManifest {
  readonly descriptor: Descriptor
  readonly document: RawJson<ImageManifest>
  readonly file: FoundFile
  readonly names: readonly string[]
  /** The blob that the name points at: this manifest, or the index above it. */
  readonly target: Digest | undefined
  /** What index.json says of it beside names; empty below an index. */
  readonly annotations: ReadonlyMap<string, string>
}

// Indexes may nest (OCI image spec, image-index.md); real ones do so once.
const MOST_DEPTH = 8
// Indexes that each name the next one many times would else be walked without end.
const MOST_STEPS = 20_000

interface Walk {
  readonly reading: Reading
  readonly found: FoundManifest[]
  /** All indexes and manifests that were reached by path, undefined where one cannot be read. */
  readonly reached: Map<string, RawJson<ImageManifest> | undefined>
  readonly steps: { left: number }
  /** Digests on the way down, against circles. */
  readonly above: readonly string[]
  readonly names: readonly string[]
  readonly target: Digest | undefined
}

/** What index.json leads to. */
export interface WalkedIndex {
  /** Every manifest, in document order; one that is named twice comes once, with all its names. */
  readonly manifests: readonly FoundManifest[]
  /** All indexes and manifests by path, undefined where one cannot be read. */
  readonly reached: ReadonlyMap<string, RawJson<ImageManifest> | undefined>
}

/** Follows index.json, and the indexes it leads to, down to the manifests. */
export async function walkIndex(reading: Reading, index: ImageManifest, path: string): Promise<WalkedIndex> {
  const found: FoundManifest[] = []
  const reached: Walk['reached'] = new Map()
  const shared = { reading, found, reached, steps: { left: MOST_STEPS }, above: [] }
  for (const descriptor of index.manifests ?? []) {
    checkName(reading, descriptor, path)
    await walk({ ...shared, names: namesOf(descriptor), target: asDigest(descriptor.digest) }, descriptor, path)
  }
  if (shared.steps.left <= 0) {
    reading.log.add('LIMIT_REACHED', `${path} leads to more than ${MOST_STEPS} manifests`, { path })
  }
  return { manifests: mergeNames(found), reached }
}

async function walk(state: Walk, descriptor: Descriptor, from: string): Promise<void> {
  const { reading, above, steps } = state
  if (steps.left-- <= 0) return
  const file = await findBlob(reading, descriptor, from)
  if (file === undefined) {
    tellMissing(state, descriptor, from)
    return
  }
  const document = await readOnce(state, file, descriptor)
  if (document === undefined || !checkMediaType(reading, descriptor, document.value, file.path)) return
  if (document.value.manifests === undefined) {
    const annotations = above.length === 0 ? othersOf(descriptor) : new Map<string, string>()
    state.found.push({ descriptor, document, file, names: state.names, target: state.target, annotations })
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

/** The document of a descriptor; one that several descriptors lead to is read and proved once. */
async function readOnce(
  { reading, reached }: Walk,
  file: FoundFile,
  descriptor: Descriptor,
): Promise<RawJson<ImageManifest> | undefined> {
  if (reached.has(file.path)) {
    checkSize(reading, file, descriptor)
    return reached.get(file.path)
  }
  await checkDocument(reading, file, descriptor, 'BLOB_DIGEST_MISMATCH')
  const document = await parseOrTell(reading, file, imageManifest, 'MANIFEST_INVALID')
  reached.set(file.path, document)
  return document
}

// Docker leaves platforms out that it does not have, and registries let layouts be sparse: only what index.json itself
// points at must be there.
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

// OCI image spec, annotations.md: the grammar of org.opencontainers.image.ref.name; what docker takes as a tag passes too.
const REF_NAME = /^[A-Za-z0-9]+(?:(?:[-._:@+/]|--|__)[A-Za-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

function checkName({ log }: Reading, { annotations }: Descriptor, path: string): void {
  const full = annotations?.get('io.containerd.image.name') ?? ''
  const ref = annotations?.get('org.opencontainers.image.ref.name') ?? ''
  const isOdd =
    full === ''
      ? ref !== '' && !REF_NAME.test(ref) && !TAG.test(ref) && parseReference(ref) === undefined
      : parseReference(full) === undefined
  if (!isOdd) return
  const actual = full === '' ? ref : full
  log.add('TAG_INVALID', `${JSON.stringify(actual)} is no name of an image`, { path, actual })
}

/** Names that a descriptor of index.json carries: containerd's full name wins over the OCI ref name. */
export function namesOf(descriptor: Descriptor): readonly string[] {
  const full = descriptor.annotations?.get('io.containerd.image.name')
  if (full !== undefined && full !== '') return [familiarTagged(full)]
  const ref = descriptor.annotations?.get('org.opencontainers.image.ref.name')
  if (ref === undefined || ref === '') return []
  return [/[/:]/.test(ref) ? familiarTagged(ref) : ref]
}

/** Annotations of a descriptor that name nothing. */
export function othersOf({ annotations }: Descriptor): Map<string, string> {
  return new Map([...(annotations ?? [])].filter(([key]) => !NAME_ANNOTATIONS.some((name) => name === key)))
}

function mergeNames(found: readonly FoundManifest[]): readonly FoundManifest[] {
  const byDigest = groupedByName(found, ({ document }) => [document.digest])
  return [...byDigest.values()].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const names = [...new Set(same.flatMap((one) => one.names))]
    // Of entries that contradict each other the first wins, as it does for engines.
    const annotations = new Map([...same].reverse().flatMap((one) => [...one.annotations]))
    return [{ ...first, names, annotations }]
  })
}
