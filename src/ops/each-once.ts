import type { Digest } from '../bytes/digest.js'
import type { Compression } from '../bytes/compression.js'
import type { RunContext } from '../context.js'
import type { FindingLog } from '../model/finding-log.js'
import { byBytes } from '../model/go-json.js'
import type { Image, Layer } from '../model/image.js'
import { formatPlatform } from '../model/platform.js'
import type { Measurement } from '../tar/measurement.js'
import { identify } from './identity.js'
import { claimedDigest, keptLayers, manifestStays, type KeepSettings, type StoredAs } from './kept-layers.js'
import { measureLayers, UNMEASURED, type Measurements } from './measure.js'

/** What choosing among copies depends on. */
export interface ChoiceSettings extends KeepSettings {
  /** Take the archives' word for their layers until they are copied. */
  readonly trust?: boolean
  /** Hears of damaged copies that another one stands in for. */
  readonly log?: FindingLog
}

/**
 * Images each once, with the names of all its copies, sorted by first name, then imageID. Which copy is taken is a matter
 * of what it holds, not of its place: one that is whole; then one whose manifest stays, of these one below an index; then
 * the one of which most layers stay as they are stored; then the smallest; then by digests. What was measured for that
 * goes along with the layers. Errors: those of measureLayers.
 */
export async function eachOnce(
  images: readonly Image[],
  settings: ChoiceSettings,
  context: RunContext,
): Promise<readonly Image[]> {
  if (images.length < 2) return images
  const groups = new Map<Image | Digest, Image[]>()
  for (const image of await withIDs(images, context)) {
    const key = idOf(image) ?? image
    groups.set(key, [...(groups.get(key) ?? []), image])
  }
  const chosen = await choose([...groups.values()], settings, context)
  const key = (image: Image): string => `${image.names[0] ?? ''}\0${idOf(image) ?? ''}`
  return [...chosen].sort((a, b) => byBytes(key(a), key(b)))
}

/** Measures the layers that decide what an image is, where no archive claims it. */
async function withIDs(images: readonly Image[], context: RunContext): Promise<readonly Image[]> {
  const derived = images.filter(({ configSource }) => configSource.kind === 'derived')
  const layers = derived.flatMap((image) => image.layers)
  const silent = layers.filter(({ state, claims }) => state !== 'missing' && claims.diffID === undefined)
  const measured = await measureLayers(silent, [], context)
  return images.map((image) => withMeasured(image, measured))
}

function withMeasured(image: Image, measured: Measurements): Image {
  const layers = image.layers.map((layer): Layer => {
    const measurement = measured.of(layer)
    return measurement === undefined ? layer : { ...layer, measurement }
  })
  return { ...image, layers }
}

function idOf(image: Image): Digest | undefined {
  return identify(image, UNMEASURED).imageID
}

/** Of each group of copies one, with all their names. */
async function choose(
  groups: readonly (readonly Image[])[],
  settings: ChoiceSettings,
  context: RunContext,
): Promise<readonly Image[]> {
  const copies = groups.filter(({ length }) => length > 1).flat()
  const layers = copies.flatMap((image) => image.layers)
  const kept = await keptLayers(layers, settings, context)
  // Compressed bytes of which nobody says what they are.
  const silent = [...kept].filter(([layer, compression]) => claimedDigest(layer, compression) === undefined)
  const known = new Map<Layer, Measurement>()
  const look = async (unknown: readonly Layer[]): Promise<void> => {
    const measured = await measureLayers(unknown, [], context)
    for (const layer of unknown) {
      const measurement = measured.of(layer)
      if (measurement !== undefined) known.set(layer, measurement)
    }
  }
  await look(silent.map(([layer]) => layer))
  const tried = new Set<Image>(settings.trust === true ? copies : [])
  const best = (group: readonly Image[]): Image => bestOf(group, { kept, known, tried })
  let open = groups
  while (open.length > 0) {
    const candidates = open.flatMap((group) => (group.length > 1 ? [best(group)] : [])).filter((one) => !tried.has(one))
    for (const candidate of candidates) tried.add(candidate)
    await look(candidates.flatMap((image) => image.layers))
    open = open.filter((group) => candidates.some((candidate) => group.includes(candidate)))
  }
  return groups.map((group) => {
    const chosen = best(group)
    if (isWhole(chosen, known)) for (const copy of group) tellDamage(copy, known, settings.log)
    return withNames(withMeasured(chosen, { of: (layer) => ('state' in layer ? known.get(layer) : undefined) }), group)
  })
}

/** What is known of copies so far. */
interface Knowledge {
  readonly kept: ReadonlyMap<Layer, Compression>
  readonly known: ReadonlyMap<Layer, Measurement>
  /** Copies of which nothing more is to be learned. */
  readonly tried: ReadonlySet<Image>
}

function bestOf(group: readonly Image[], knowledge: Knowledge): Image {
  const [first, ...others] = group.map((image) => ({ image, rank: rankOf(image, knowledge) }))
  if (first === undefined) throw new Error('a group of copies has one at least')
  return others.reduce((best, other) => (isBefore(other.rank, best.rank) ? other : best), first).image
}

/** Lower comes first, number by number, then by the text. */
interface Rank {
  readonly numbers: readonly number[]
  /** All else that decides what is written; then one that is proved already stands for those that claim the same. */
  readonly text: string
}

function textOf({
  manifest,
  targetDigest,
  platform,
  entryAnnotations = new Map<string, string>(),
}: Image): readonly unknown[] {
  return [
    manifest?.digest,
    targetDigest,
    formatPlatform(platform),
    ...[...entryAnnotations].flat().map((text) => JSON.stringify(text)),
  ]
}

function rankOf(image: Image, { kept, known, tried }: Knowledge): Rank {
  const stored = image.layers.map((layer): StoredAs => {
    const compression = kept.get(layer)
    if (compression === undefined) return { digest: undefined, size: undefined }
    const measured = known.get(layer)
    return { digest: measured?.digest ?? claimedDigest(layer, compression), size: measured?.size ?? layer.blob?.size }
  })
  const { manifest, targetDigest } = image
  const stays = manifestStays(image, stored)
  const isBelowIndex = stays && targetDigest !== undefined && targetDigest !== manifest?.digest
  const made = stored.filter(({ size }) => size === undefined).length
  const size = stored.reduce((sum, one) => sum + (one.size ?? 0), 0)
  const yes = (condition: boolean): number => (condition ? 0 : 1)
  return {
    numbers: [yes(isWhole(image, known)), yes(stays), yes(isBelowIndex), made, size],
    text: [...textOf(image), ...stored.map(({ digest }) => digest), yes(tried.has(image))].join(),
  }
}

function isBefore(a: Rank, b: Rank): boolean {
  const at = a.numbers.findIndex((number, index) => number !== b.numbers[index])
  return at < 0 ? byBytes(a.text, b.text) < 0 : (a.numbers[at] ?? 0) < (b.numbers[at] ?? 0)
}

function isWhole({ layers }: Image, known: ReadonlyMap<Layer, Measurement>): boolean {
  return layers.every((layer) => layer.state !== 'missing' && !isDamaged(layer, known.get(layer)))
}

function isDamaged({ claims }: Layer, measured: Measurement | undefined): boolean {
  if (measured === undefined) return false
  return measured.diffID === undefined || (claims.diffID !== undefined && claims.diffID !== measured.diffID)
}

function tellDamage({ layers }: Image, known: ReadonlyMap<Layer, Measurement>, log: FindingLog | undefined): void {
  for (const layer of layers) {
    if (!isDamaged(layer, known.get(layer))) continue
    const { blob, claims, path, index } = layer
    const message = `${blob?.location ?? path} is damaged, and another copy is taken`
    const actual = known.get(layer)?.diffID
    log?.add('OUTPUT_COPY_DAMAGED', message, {
      path,
      layer: index,
      ...(claims.diffID !== undefined && { expected: claims.diffID }),
      ...(actual !== undefined && { actual }),
    })
  }
}

function withNames(image: Image, copies: readonly Image[]): Image {
  const union = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort(byBytes)
  const repoDigests = union(copies.flatMap((copy) => copy.repoDigests ?? []))
  return {
    ...image,
    names: union(copies.flatMap(({ names }) => names)),
    ...(repoDigests.length > 0 && { repoDigests }),
  }
}
