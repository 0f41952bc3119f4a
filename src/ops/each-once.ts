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
  /** Take the archives' word for their layers. */
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
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [image])
    else group.push(image)
  }
  const chosen = await choose([...groups.values()], settings, context)
  const keyed = chosen.map((image) => ({ image, key: `${image.names[0] ?? ''}\0${idOf(image) ?? ''}` }))
  return keyed.sort((a, b) => byBytes(a.key, b.key)).map(({ image }) => image)
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
  const knowledge: Knowledge = { kept, known: new Map(), tried: new Set(settings.trust === true ? copies : []) }
  await look(
    silent.map(([layer]) => layer),
    knowledge,
    context,
  )
  await tryBest(groups, knowledge, context)
  return groups.map((group) => {
    const [chosen] = ranked(group, knowledge)
    if (chosen === undefined) throw new Error('a group of copies has one at least')
    if (isWhole(chosen, knowledge)) tellDamage(group, knowledge, settings.log)
    return withNames(withMeasured(chosen, { of: (one) => measuredOf(one, knowledge) }), group)
  })
}

/** What is known of copies so far; it grows. */
interface Knowledge {
  readonly kept: ReadonlyMap<Layer, Compression>
  /** By the stored bytes, which copies may share, or by the layer where there are none. */
  readonly known: Map<unknown, Measurement>
  /** Copies of which nothing more is to be learned. */
  readonly tried: Set<Image>
}

function measuredOf(layer: Pick<Layer, 'blob'>, { known }: Knowledge): Measurement | undefined {
  return known.get(layer.blob ?? layer)
}

async function look(layers: readonly Layer[], knowledge: Knowledge, context: RunContext): Promise<void> {
  const unknown = layers.filter((layer) => measuredOf(layer, knowledge) === undefined)
  const measured = await measureLayers(unknown, [], context)
  for (const layer of unknown) {
    const measurement = measured.of(layer)
    if (measurement !== undefined) knowledge.known.set(layer.blob ?? layer, measurement)
  }
}

/** Measures the best copy of each group, and as long as that is damaged the next ones, always more of them at once. */
async function tryBest(
  groups: readonly (readonly Image[])[],
  knowledge: Knowledge,
  context: RunContext,
): Promise<void> {
  let open = groups.filter(({ length }) => length > 1)
  for (let most = 1; open.length > 0; most *= 2) {
    const candidates: Image[] = []
    open = open.filter((group) => {
      const [best, ...others] = ranked(group, knowledge)
      if (best === undefined || knowledge.tried.has(best)) return false
      candidates.push(best, ...others.filter((one) => !knowledge.tried.has(one)).slice(0, most - 1))
      return true
    })
    await look(
      candidates.flatMap((image) => image.layers),
      knowledge,
      context,
    )
    for (const candidate of candidates) knowledge.tried.add(candidate)
  }
}

/** The best one first. */
function ranked(group: readonly Image[], knowledge: Knowledge): readonly Image[] {
  const all = group.map((image) => ({ image, rank: rankOf(image, knowledge) }))
  return all.sort((a, b) => comparison(a.rank, b.rank)).map(({ image }) => image)
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

function rankOf(image: Image, knowledge: Knowledge): Rank {
  const stored = image.layers.map((layer): StoredAs => {
    const compression = knowledge.kept.get(layer)
    if (compression === undefined) return { digest: undefined, size: undefined }
    const measured = measuredOf(layer, knowledge)
    return { digest: measured?.digest ?? claimedDigest(layer, compression), size: measured?.size ?? layer.blob?.size }
  })
  const { manifest, targetDigest } = image
  const stays = manifestStays(image, stored)
  const isBelowIndex = stays && targetDigest !== undefined && targetDigest !== manifest?.digest
  const made = stored.filter(({ size }) => size === undefined).length
  const size = stored.reduce((sum, one) => sum + (one.size ?? 0), 0)
  const yes = (condition: boolean): number => (condition ? 0 : 1)
  return {
    numbers: [yes(isWhole(image, knowledge)), yes(stays), yes(isBelowIndex), made, size],
    text: [...textOf(image), ...stored.map(({ digest }) => digest), yes(knowledge.tried.has(image))].join(),
  }
}

function comparison(a: Rank, b: Rank): number {
  const at = a.numbers.findIndex((number, index) => number !== b.numbers[index])
  return at < 0 ? byBytes(a.text, b.text) : (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0)
}

function isWhole({ layers }: Image, knowledge: Knowledge): boolean {
  return layers.every((layer) => layer.state !== 'missing' && !isDamaged(layer, measuredOf(layer, knowledge)))
}

function isDamaged({ claims }: Layer, measured: Measurement | undefined): boolean {
  if (measured === undefined) return false
  return measured.diffID === undefined || (claims.diffID !== undefined && claims.diffID !== measured.diffID)
}

function tellDamage(group: readonly Image[], knowledge: Knowledge, log: FindingLog | undefined): void {
  const layers = group.flatMap((image) => image.layers)
  const damaged = layers.filter((layer) => isDamaged(layer, measuredOf(layer, knowledge)))
  for (const layer of new Map(damaged.map((one) => [one.blob ?? one, one])).values()) {
    const { blob, claims, path, index } = layer
    const message = `${blob?.location ?? path} is damaged, and another copy is taken`
    const actual = measuredOf(layer, knowledge)?.diffID
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
