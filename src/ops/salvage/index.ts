import { asDiffID, type DiffID } from '../../bytes/digest.js'
import type { RunContext } from '../../context.js'
import type { Image, ImageArchive, Layer } from '../../model/image.js'
import type { LooseMembers } from '../../model/loose-member.js'
import { measureLayers } from '../measure.js'
import { lostImage } from './lost-images.js'
import { readDocuments, type Documents } from './documents.js'
import { firstBy } from './first-by.js'
import { layerPool, type LayerPart, type LayerPool } from './pool.js'
import { wantedImages, type Origin, type WantedImage } from './wanted.js'

/** What became of one layer of an image. */
export interface SalvagedLayer {
  /** That the config claims. */
  readonly diffID: string | undefined
  readonly state: 'intact' | 'healed' | 'damaged' | 'missing'
  readonly origin: Origin | undefined
  /** As it can be written; of a damaged one what is there of it. */
  readonly layer: Layer | undefined
}

/** What became of one image. */
export interface SalvagedImage {
  readonly wanted: WantedImage
  readonly layers: readonly SalvagedLayer[]
  /** The image, where all of it is there. */
  readonly whole: Image | undefined
}

/** What could be found in a damaged archive, and in those to heal from. */
export interface Salvaged {
  readonly images: readonly SalvagedImage[]
  readonly pool: LayerPool
  readonly documents: Documents
}

/**
 * Puts the images of a damaged archive together again: of what is intact in it, and of layers and configs that other
 * archives have, each proved by its digest. Errors: ERR_IO, ERR_ABORTED.
 */
export async function salvage(
  broken: LooseMembers,
  { sources, opened }: { readonly sources: readonly ImageArchive[]; readonly opened: ImageArchive | undefined },
  context: RunContext,
): Promise<Salvaged> {
  const documents = await readDocuments(broken.members, context)
  const pool = await layerPool(broken.members, documents, context)
  const images: SalvagedImage[] = []
  const healer = layerHealer(sources, context)
  const known = opened === undefined ? sources : [opened, ...sources]
  for (const wanted of wantedImages(documents, known)) images.push(await salvageImage(wanted, pool, healer))
  const lost = images.length === 0 ? lostImage(pool, sources) : undefined
  if (lost !== undefined) images.push(await salvageImage(lost, pool, healer))
  // Formats without configs say in their own way which images there are.
  if (images.length === 0 && opened !== undefined) images.push(...(await derivedImages(opened, context)))
  return { images, pool, documents }
}

async function derivedImages({ images }: ImageArchive, context: RunContext): Promise<SalvagedImage[]> {
  const derived = images.filter(({ configSource }) => configSource.kind === 'derived')
  const all = derived.flatMap((image) => image.layers)
  const measurements = await measureLayers(all, [], context)
  return derived.map((image) => {
    const layers = image.layers.map((layer): SalvagedLayer => {
      const measured = measurements.of(layer)
      if (layer.state === 'missing') return { diffID: undefined, state: 'missing', origin: undefined, layer: undefined }
      const state = measured?.diffID !== undefined && measured.tar?.whole === true ? 'intact' : 'damaged'
      return { diffID: measured?.diffID, state, origin: { kind: 'own', path: layer.path }, layer }
    })
    const { names } = image
    const isWhole = layers.every(({ state }) => state === 'intact')
    const wanted = { names, claimedID: undefined, config: undefined, manifest: undefined, paths: [] }
    return { wanted, layers, whole: isWhole ? image : undefined }
  })
}

/** Finds a layer by its diffID in other archives, and proves it. */
type Healer = (diffID: DiffID, index: number) => Promise<{ layer: Layer; archive: string } | undefined>

function layerHealer(sources: readonly ImageArchive[], context: RunContext): Healer {
  const proved = new Map<string, { layer: Layer; archive: string } | undefined>()
  const offers = sources.map(({ images, location }) => {
    const layers = images.flatMap((image) => image.layers).filter(({ state }) => state !== 'missing')
    return { archive: location, byDiffID: firstBy(layers, ({ claims }) => claims.diffID) }
  })
  const find = async (diffID: DiffID) => {
    for (const { archive, byDiffID } of offers) {
      const layer = byDiffID.get(diffID)
      if (layer === undefined) continue
      const measurements = await measureLayers([layer], [], context)
      if (measurements.of(layer)?.diffID === diffID) return { layer, archive }
    }
    return undefined
  }
  return async (diffID, index) => {
    if (!proved.has(diffID)) proved.set(diffID, await find(diffID))
    const found = proved.get(diffID)
    return found && { ...found, layer: { ...found.layer, index, claims: { diffID } } }
  }
}

async function salvageImage(wanted: WantedImage, pool: LayerPool, heal: Healer): Promise<SalvagedImage> {
  const diffIDs = wanted.config?.document.value.rootfs?.diff_ids
  const count = diffIDs?.length ?? wanted.paths.length
  const layers: SalvagedLayer[] = []
  for (let index = 0; index < count; index++) {
    const named = pool.named(wanted.paths[index] ?? '')
    layers.push(await salvageLayer(diffIDs?.[index], { named, index }, pool, heal))
  }
  return { wanted, layers: withCut(layers, pool), whole: wholeImage(wanted, layers) }
}

/** Where one layer is missing and there is one damaged member that nothing names, it is that layer. */
function withCut(layers: readonly SalvagedLayer[], pool: LayerPool): readonly SalvagedLayer[] {
  if (layers.filter(({ state }) => state === 'missing').length !== 1) return layers
  const places = new Set(layers.flatMap(({ origin }) => (origin?.kind === 'own' ? origin.path : [])))
  const isSpare = ({ member }: LayerPart): boolean => !places.has(member.path)
  const part = pool.damaged.find(isSpare)
  if (part === undefined || pool.damaged.findLast(isSpare) !== part) return layers
  return layers.map((one, index) =>
    one.state === 'missing'
      ? { ...one, state: 'damaged', origin: ownOrigin(part), layer: part.member.layer(index, {}) }
      : one,
  )
}

async function salvageLayer(
  claimed: string | undefined,
  { named, index }: { readonly named: LayerPart | undefined; readonly index: number },
  pool: LayerPool,
  heal: Healer,
): Promise<SalvagedLayer> {
  const diffID = claimed === undefined ? undefined : asDiffID(claimed)
  const own = diffID === undefined ? named : pool.withDiffID(diffID)
  if (own !== undefined && own.state !== 'damaged') {
    const layer = own.member.layer(index, diffID === undefined ? {} : { diffID })
    return { diffID: claimed ?? own.measured.diffID, state: 'intact', origin: ownOrigin(own), layer }
  }
  const healed = diffID === undefined ? undefined : await heal(diffID, index)
  if (healed !== undefined) {
    const { layer, archive } = healed
    return { diffID: claimed, state: 'healed', origin: { kind: 'healed', archive }, layer }
  }
  if (named === undefined) return { diffID: claimed, state: 'missing', origin: undefined, layer: undefined }
  return { diffID: claimed, state: 'damaged', origin: ownOrigin(named), layer: named.member.layer(index, {}) }
}

function ownOrigin({ member }: LayerPart): Origin {
  return { kind: 'own', path: member.path }
}

function wholeImage({ names, config, manifest }: WantedImage, layers: readonly SalvagedLayer[]): Image | undefined {
  const found = layers.flatMap(({ state, layer }) => (state === 'intact' || state === 'healed' ? (layer ?? []) : []))
  if (config === undefined || found.length < layers.length) return undefined
  const { document, origin } = config
  const { os = '', architecture = '', variant = '' } = document.value
  const path = origin.kind === 'own' ? origin.path : document.location
  return {
    names,
    platform: {
      os: os === '' ? 'linux' : os,
      architecture: architecture === '' ? 'unknown' : architecture,
      ...(variant !== '' && { variant }),
    },
    config: document.value,
    configSource: { kind: 'stored', document, path },
    manifest,
    layers: found,
    attachments: [],
    path,
  }
}
