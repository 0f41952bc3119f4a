import type { RunContext } from '../context.js'
import type { Image, Layer } from '../model/image.js'
import { providedBy } from './base-chain.js'
import { withClaims } from './claimed.js'
import { measureLayers } from './measure.js'
import { provedDiffID } from './outgoing-layers.js'
import type { LeftOutLayer } from './thin-record.js'

/** What a thin archive can do without. */
export interface ThinPlan {
  /** Layers that no image needs to bring along, with what the record says of each. */
  readonly leaveOut: ReadonlyMap<Layer, LeftOutLayer>
  /** Layers that the base has and the archive needs all the same, and why. */
  readonly keep: ReadonlyMap<Layer, string>
}

/**
 * Finds what the bases provide of images; these are measured and held against what they claim, the bases are believed.
 * Errors: ERR_DIGEST, ERR_COMPRESSION, those of measureLayers.
 */
export async function planThin(
  images: readonly Image[],
  bases: readonly Image[],
  context: RunContext,
): Promise<ThinPlan> {
  const layers = images.flatMap((image) => image.layers).filter(({ state }) => state !== 'missing')
  const measured = await measureLayers(layers, [], context)
  const known = await withClaims(bases, ({ diffID }) => diffID !== undefined, context)
  const provided = new Set(images.flatMap(providedBy(known)))
  const needed = new Set(layers.filter((layer) => !provided.has(layer)).map(({ blob }) => blob))
  const compressed = new Set<string>()
  const records = new Map<Layer, LeftOutLayer>()
  for (const layer of layers) {
    const measurement = measured.of(layer)
    if (measurement === undefined) continue
    const diffID = provedDiffID(layer, { measurement, notices: measurement.notices })
    if (layer.claims.diffID === undefined || layer.blob === undefined) continue
    const { size, digest, compression } = measurement
    if (compression === 'none') records.set(layer, { layer: diffID, stored: 'plain', size })
    else {
      records.set(layer, { layer: digest, stored: 'compressed', size })
      if (provided.has(layer)) compressed.add(diffID)
    }
  }
  const stored = await blobsOf(known, compressed, context)
  const all = new Set(known.flatMap((base) => base.layers.map(({ claims }) => claims.diffID)))
  const leaveOut = new Map<Layer, LeftOutLayer>()
  const keep = new Map<Layer, string>()
  for (const [layer, record] of records) {
    if (!all.has(layer.claims.diffID)) continue
    const reason = reasonToKeep(layer, record, { provided, needed, stored })
    if (reason === undefined) leaveOut.set(layer, record)
    else keep.set(layer, reason)
  }
  return { leaveOut, keep }
}

/** Digests of the stored bytes of the layers with these diffIDs; those that nobody claims are measured. */
async function blobsOf(
  bases: readonly Image[],
  diffIDs: ReadonlySet<string>,
  context: RunContext,
): Promise<ReadonlySet<string | undefined>> {
  if (diffIDs.size === 0) return new Set()
  const told = await withClaims(
    bases,
    ({ diffID = '', digest }) => digest !== undefined || !diffIDs.has(diffID),
    context,
  )
  return new Set(told.flatMap(({ layers }) => layers).map(({ claims }) => claims.digest))
}

interface Provided {
  readonly provided: ReadonlySet<Layer>
  readonly needed: ReadonlySet<Layer['blob']>
  readonly stored: ReadonlySet<string | undefined>
}

function reasonToKeep(layer: Layer, record: LeftOutLayer, { provided, needed, stored }: Provided): string | undefined {
  if (!provided.has(layer)) return 'the base has it on top of other layers'
  if (needed.has(layer.blob)) return 'another image has it on top of other layers than the base'
  // Compressed bytes can be put back only by whoever has the very same.
  const isThere = record.stored === 'plain' || stored.has(record.layer)
  return isThere ? undefined : 'the base has it in another compression, and what was stored could not be put back'
}
