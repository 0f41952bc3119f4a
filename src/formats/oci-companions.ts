import { asDigest, type Digest } from '../bytes/digest.js'
import type { CarriedBlob, Companion } from '../model/companion.js'
import type { Descriptor } from '../model/descriptor.js'
import { findingLog } from '../model/finding-log.js'
import type { ImageManifest } from '../model/manifest.js'
import type { Reading } from './documents.js'
import type { FoundFile } from './files.js'
import { findBlob } from './oci-blobs.js'
import { isAttestation, isImage, subjectOf } from './oci-image.js'
import { namesOf, othersOf, type FoundManifest, type WalkedIndex } from './oci-walk.js'

// Each entry of index.json is gathered by itself, and many may lead to the same documents with the same blobs.
const MOST_STEPS = 50_000

interface Shared {
  /** What was odd has been told: this one's log is never read. */
  readonly reading: Reading
  readonly reached: WalkedIndex['reached']
  readonly manifests: ReadonlyMap<string, FoundManifest>
  readonly steps: { left: number }
}

/** What is gathered below one entry of index.json. */
interface Gathering extends Shared {
  /** By digest, in the order of the documents. */
  readonly blobs: Map<Digest, CarriedBlob>
  readonly about: Set<Digest>
  isWhole: boolean
}

/** The indexes that an index at `path` leads to, and the manifests there that are about others. */
export async function readCompanions(
  reading: Reading,
  { index, path }: { readonly index: ImageManifest; readonly path: string },
  { manifests, reached }: WalkedIndex,
): Promise<readonly Companion[]> {
  const shared: Shared = {
    reading: { ...reading, log: findingLog(reading.log.archive) },
    reached,
    manifests: new Map(manifests.map((manifest) => [manifest.file.path, manifest])),
    steps: { left: MOST_STEPS },
  }
  const companions = new Map<
    Digest,
    { found: Companion | undefined; names: Set<string>; others: Map<string, string> }
  >()
  for (const descriptor of index.manifests ?? []) {
    const digest = asDigest(descriptor.digest)
    if (digest === undefined) continue
    const known = companions.get(digest) ?? {
      found: await readCompanion(shared, descriptor),
      names: new Set(),
      others: new Map(),
    }
    for (const name of namesOf(descriptor)) known.names.add(name)
    for (const [key, text] of othersOf(descriptor)) if (!known.others.has(key)) known.others.set(key, text)
    companions.set(digest, known)
  }
  if (shared.steps.left <= 0) {
    const message = `${path} leads to more than ${MOST_STEPS} blobs beside those of images`
    reading.log.add('LIMIT_REACHED', message, { path })
  }
  return [...companions.values()].flatMap(({ found, names, others }) =>
    found ? [{ ...found, names: [...names], annotations: others }] : [],
  )
}

async function readCompanion(shared: Shared, descriptor: Descriptor): Promise<Companion | undefined> {
  const digest = asDigest(descriptor.digest)
  const file = await findBlob(shared.reading, descriptor, '')
  const document = file === undefined ? undefined : shared.reached.get(file.path)
  if (digest === undefined || file === undefined || document === undefined) return undefined
  const manifest = shared.manifests.get(file.path)
  const isIndex = document.value.manifests !== undefined
  const subject = manifest !== undefined && isAttestation(manifest) ? asDigest(subjectOf(manifest) ?? '') : undefined
  if (!isIndex && subject === undefined) return undefined
  const gathering: Gathering = { ...shared, blobs: new Map(), about: new Set(), isWhole: true }
  await gather(gathering, descriptor)
  return {
    kind: isIndex ? 'index' : 'referrer',
    digest,
    mediaType: typeOf(document.value, descriptor),
    size: file.source.size,
    names: [],
    annotations: new Map(),
    about: subject === undefined ? [...gathering.about] : [subject],
    blobs: gathering.isWhole ? [...gathering.blobs.values()] : undefined,
  }
}

function typeOf({ mediaType = '' }: ImageManifest, descriptor: Descriptor): string {
  return mediaType === '' ? descriptor.mediaType : mediaType
}

/** Takes in a document and what it leads to; what of an index is not in the archive need not be, as with docker save. */
async function gather(gathering: Gathering, descriptor: Descriptor): Promise<void> {
  const { reading, reached, manifests, blobs, about } = gathering
  const digest = asDigest(descriptor.digest)
  const file = await findBlob(reading, descriptor, '')
  if (digest === undefined || file === undefined || blobs.has(digest)) return
  const document = reached.get(file.path)
  const manifest = manifests.get(file.path)
  if (document === undefined) {
    gathering.isWhole = false
    return
  }
  if (manifest !== undefined && isImage(manifest) && !isAttestation(manifest)) {
    about.add(document.digest)
    return
  }
  take(gathering, descriptor, file)
  for (const child of document.value.manifests ?? []) {
    if (!mayStep(gathering)) return
    await gather(gathering, child)
  }
  const { config, layers = [] } = document.value
  for (const blob of config === undefined ? layers : [config, ...layers]) {
    if (!mayStep(gathering)) return
    take(gathering, blob, await findBlob(reading, blob, ''))
  }
}

function mayStep(gathering: Gathering): boolean {
  if (gathering.steps.left-- > 0) return true
  gathering.isWhole = false
  return false
}

function take(gathering: Gathering, descriptor: Descriptor, file: FoundFile | undefined): void {
  const digest = asDigest(descriptor.digest)
  if (digest === undefined || file === undefined) gathering.isWhole = false
  else gathering.blobs.set(digest, { digest, size: descriptor.size, source: file.source })
}
