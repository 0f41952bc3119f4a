import { algorithmOf, hasher, type Digest } from '../bytes/digest.js'
import { readAhead } from '../bytes/read-ahead.js'
import type { RunContext } from '../context.js'
import type { CarriedBlob, Companion, OutgoingCompanion } from '../model/companion.js'
import { byBytes } from '../model/go-json.js'
import type { ImageArchive, IndexAnnotations } from '../model/image.js'
import { groupedByName } from '../model/names.js'
import type { OutgoingImage } from '../model/outgoing.js'

/** What goes along with images, and which indexes stay behind and why. */
export interface Companions {
  /** Sorted by digest. */
  readonly carried: readonly OutgoingCompanion[]
  readonly left: readonly { readonly companion: Companion; readonly reason: string }[]
  /** What index.json is to say of itself. */
  readonly indexAnnotations?: IndexAnnotations['annotations']
}

/**
 * What of the indexes and the manifests about images goes along, byte for byte and proved: an index where all images that
 * the archive has below it are written with their own manifests, and a name leads to just them; a manifest about another
 * one where that goes along; what index.json says of itself, where all of the one archive goes and nothing else. `takes`
 * says whether the output has an index.json at all. Errors: ERR_IO, ERR_ABORTED.
 */
export async function companionsFor(
  archives: readonly ImageArchive[],
  images: readonly OutgoingImage[],
  takes: boolean,
  context: RunContext,
): Promise<Companions> {
  const offered = offeredBy(archives)
  const indexes = offered.filter(({ kind }) => kind === 'index')
  if (!takes)
    return { carried: [], left: indexes.map((companion) => ({ companion, reason: 'a classic archive holds none' })) }
  const kept = new Set(images.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest.digest])))
  const names = namesOf(
    indexes.filter((companion) => reasonAgainst(companion, kept) === undefined),
    archives,
    images,
  )
  const prove = prover(context)
  const carried: OutgoingCompanion[] = []
  const left: { companion: Companion; reason: string }[] = []
  for (const companion of indexes) {
    const own = names.get(companion)
    const proved = own && (await outgoing(companion, own, prove))
    const reason = reasonAgainst(companion, kept) ?? (own ? 'a blob below it is not what it says' : 'it lost its name')
    if (proved === undefined) left.push({ companion, reason })
    else carried.push(proved)
  }
  const taken = new Set(images.flatMap((image) => image.names))
  for (const companion of offered.filter(({ kind }) => kind === 'referrer')) {
    const goes = companion.about.some((digest) => kept.has(digest) || carried.some((one) => one.digest === digest))
    const own = companion.names.filter((name) => !taken.has(name))
    const proved = goes ? await outgoing(companion, own, prove) : undefined
    if (proved !== undefined) carried.push(proved)
  }
  const indexAnnotations = indexAnnotationsFor(archives, images)
  return {
    carried: carried.sort((a, b) => byBytes(a.digest, b.digest)),
    left,
    ...(indexAnnotations && { indexAnnotations }),
  }
}

/** What the index.json of the one input says of just these images, where they all have their own manifests still. */
function indexAnnotationsFor(
  [archive, second]: readonly ImageArchive[],
  images: readonly OutgoingImage[],
): Companions['indexAnnotations'] {
  const { annotations, about = [] } = archive?.indexAnnotations ?? {}
  const written = new Set(images.map(({ manifest }) => manifest?.digest))
  const isSame = images.length === about.length && about.every((digest) => written.has(digest))
  return isSame && second === undefined ? annotations : undefined
}

/**
 * Each companion once, sorted by digest, whatever the order of the archives; of an index that several have, what all of
 * them have below it, copies of one blob included.
 */
function offeredBy(archives: readonly ImageArchive[]): readonly Companion[] {
  const offered = new Map<Digest, Companion>()
  for (const companion of archives.flatMap(({ companions = [] }) => companions)) {
    const { digest, names, annotations, about, blobs } = companion
    const known = offered.get(digest) ?? companion
    const all = known.blobs && blobs && [...new Set([...known.blobs, ...blobs])]
    offered.set(digest, {
      ...companion,
      names: [...new Set([...known.names, ...names])],
      annotations: new Map(
        [...known.annotations, ...annotations].sort(([a, x], [b, y]) => byBytes(a, b) || byBytes(x, y)),
      ),
      about: [...new Set([...known.about, ...about])],
      blobs: all,
    })
  }
  return [...offered.values()].sort((a, b) => byBytes(a.digest, b.digest))
}

function reasonAgainst({ about, blobs }: Companion, kept: ReadonlySet<Digest>): string | undefined {
  if (blobs === undefined) return 'a blob below it is missing'
  const isKept = about.length > 0 && about.every((digest) => kept.has(digest))
  return isKept ? undefined : 'not all of its images are taken with their own manifests'
}

/** Which indexes are entered in index.json under which names: those that they had, and new names of their images. */
function namesOf(
  indexes: readonly Companion[],
  archives: readonly ImageArchive[],
  images: readonly OutgoingImage[],
): ReadonlyMap<Companion, readonly string[]> {
  const names = new Map<Companion, string[]>()
  const give = (companion: Companion, ...own: string[]): void => {
    const known = names.get(companion)
    if (known === undefined) names.set(companion, own)
    else known.push(...own)
  }
  const imagesBy = groupedByName(images, (image) => image.names)
  const read = archives.flatMap((archive) => archive.images)
  const readBy = groupedByName(read, (image) => image.names)
  for (const name of [...imagesBy.keys()].sort(byBytes)) {
    const named = (imagesBy.get(name) ?? []).map(({ manifest }) => manifest?.digest)
    const same = indexes.filter(
      ({ about }) => about.length === named.length && about.every((digest) => named.includes(digest)),
    )
    // A name that an image had led to its manifest, if it did not lead to the index.
    const isOld = (readBy.get(name) ?? []).some(({ manifest }) => named.includes(manifest?.digest))
    const found = same.find((one) => one.names.includes(name)) ?? (isOld ? undefined : same[0])
    if (found !== undefined) give(found, name)
  }
  const named = new Set(images.flatMap((image) => (image.names.length > 0 ? [image.manifest?.digest] : [])))
  for (const companion of indexes) {
    const wasNameless = companion.names.length === 0
    if (wasNameless || companion.about.every((digest) => !named.has(digest))) give(companion)
  }
  return names
}

type Prove = (blob: CarriedBlob) => Promise<CarriedBlob | undefined>

/** Holds blobs against their digests, each copy once however many lead to it; gives the first of each that is true. */
function prover(context: RunContext): Prove {
  const proved = new Map<Digest, CarriedBlob>()
  const refused = new Set<string>()
  return async (blob) => {
    const { digest, size, source } = blob
    const known = proved.get(digest)
    if (known !== undefined) return known
    const copy = JSON.stringify([source.location, digest])
    if (source.size !== size || refused.has(copy)) return undefined
    refused.add(copy)
    const hash = hasher(algorithmOf(digest))
    for await (const chunk of readAhead(source, context.signal)) hash.update(chunk)
    if (hash.digest() !== digest) return undefined
    proved.set(digest, blob)
    return blob
  }
}

async function outgoing(
  { digest, mediaType, size, about, annotations, blobs }: Companion,
  names: readonly string[],
  prove: Prove,
): Promise<OutgoingCompanion | undefined> {
  if (blobs === undefined) return undefined
  const proved = new Map<Digest, CarriedBlob>()
  for (const blob of blobs) {
    const found = await prove(blob)
    if (found !== undefined) proved.set(blob.digest, found)
  }
  if (blobs.some((blob) => !proved.has(blob.digest))) return undefined
  const sorted = [...proved.values()].sort((a, b) => byBytes(a.digest, b.digest))
  return { digest, mediaType, size, names, annotations, manifests: new Set(about), blobs: sorted }
}
