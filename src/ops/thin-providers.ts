import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Image, Layer, LayerClaims } from '../model/image.js'
import type { Measurement } from '../tar/measurement.js'
import { withClaims } from './claimed.js'
import { measureLayers } from './measure.js'
import type { LeftOutLayer } from './thin-record.js'

/**
 * Who has each layer: by what archives claim, and where that is not enough by what their layers are. Where several claim
 * to have one they are measured, and the first that has it is taken; `log` hears of those that were passed over. Errors:
 * ERR_NOT_FOUND where nobody claims to have a layer, ERR_DIGEST where all who do are damaged.
 */
export async function provideLayers(
  wanted: readonly LeftOutLayer[],
  providers: readonly Image[],
  log: FindingLog,
  context: RunContext,
): Promise<ReadonlyMap<LeftOutLayer, Layer>> {
  const digests = wanted.some(({ stored }) => stored === 'compressed')
  const isEnough = ({ diffID, digest }: LayerClaims): boolean =>
    diffID !== undefined && (!digests || digest !== undefined)
  const layers = layersIn(providers)
  const isAllTold = layers.every(({ claims }) => isEnough(claims))
  const search = searchFor(log, context)
  const found = await search(wanted, layers, isAllTold)
  const rest = wanted.filter((one) => !found.has(one))
  if (rest.length === 0) return found
  const told = isAllTold ? [] : layersIn(await withClaims(providers, isEnough, context))
  const all = new Map([...found, ...(await search(rest, told, isAllTold))])
  const lacking = rest.find((one) => !all.has(one))
  if (lacking === undefined) return all
  throw notProvided(lacking, [...layers, ...told])
}

function layersIn(images: readonly Image[]): readonly Layer[] {
  return images.flatMap((image) => image.layers).filter(({ state }) => state !== 'missing')
}

/** Looks for layers among others: one that alone claims to be the one is believed, where `isAllTold`. */
function searchFor(log: FindingLog, context: RunContext) {
  return async (
    wanted: readonly LeftOutLayer[],
    among: readonly Layer[],
    isAllTold: boolean,
  ): Promise<ReadonlyMap<LeftOutLayer, Layer>> => {
    const offers = wanted.map((one) => ({ one, layers: offersOf(one, among) }))
    const found = new Map<LeftOutLayer, Layer>()
    let open = offers.filter(({ one, layers: [first, second] }) => {
      if (first !== undefined && second === undefined && isAllTold) found.set(one, first)
      return first !== undefined && !found.has(one)
    })
    for (let turn = 0; open.length > 0; turn++) {
      const tried = open.flatMap(({ layers }) => layers[turn] ?? [])
      const measured = await measureLayers(tried, [], context)
      for (const { one, layers } of open) {
        const layer = layers[turn]
        if (layer === undefined || !isTrue(one, measured.of(layer))) continue
        found.set(one, layer)
        for (const damaged of layers.slice(0, turn)) tellDamage(damaged, one, log)
      }
      open = open.filter(({ one, layers }) => !found.has(one) && layers.length > turn + 1)
    }
    return found
  }
}

/** Those that claim to be a layer, each place once. */
function offersOf({ layer, stored }: LeftOutLayer, among: readonly Layer[]): readonly Layer[] {
  const same = among.filter(({ claims, blob }) =>
    stored === 'plain' ? claims.diffID === layer : blob !== undefined && claims.digest === layer,
  )
  return [...new Map(same.map((one) => [one.blob ?? one.assembly?.location ?? one, one])).values()]
}

function isTrue({ layer, stored, size }: LeftOutLayer, measured: Measurement | undefined): boolean {
  if (stored === 'plain') return measured?.diffID === layer && measured.diffSize === size
  return measured?.digest === layer && measured.size === size
}

function tellDamage({ blob, path, index }: Layer, { layer }: LeftOutLayer, log: FindingLog): void {
  const message = `${blob?.location ?? path} is damaged, and another copy is taken`
  log.add('OUTPUT_COPY_DAMAGED', message, { path, layer: index, expected: layer })
}

function notProvided(lacking: LeftOutLayer, among: readonly Layer[]): ArchiveError {
  const [damaged] = offersOf(lacking, among)
  if (damaged !== undefined) {
    return new ArchiveError('ERR_DIGEST', `the layer ${lacking.layer} is damaged wherever it is`, {
      location: damaged.blob?.location ?? damaged.path,
      hint: 'imgtar verify tells what is wrong with it',
    })
  }
  return new ArchiveError('ERR_NOT_FOUND', `none of the archives given has the layer ${lacking.layer}`, {
    hint:
      lacking.stored === 'plain'
        ? '--from names whatever has it'
        : '--from must name an archive that stores this very blob',
  })
}
