import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import { scanHeaders } from '../tar/scan-headers.js'
import { contentSizer } from '../tree/content-size.js'
import { measureLayers, type Measurements } from './measure.js'
import { compressionOf } from './sniff.js'

/** Bytes of the files of each layer as docker counts them; undefined for a layer that is missing or broken. */
export type LayerSizes = ReadonlyMap<Layer, number | undefined>

/**
 * The sizes that docker would show for layers. A plain layer that can be read anywhere is only indexed; the others are
 * measured, unless they were.
 */
export async function sizesOf(
  layers: readonly Layer[],
  measurements: Measurements,
  context: RunContext,
): Promise<LayerSizes> {
  const sizes = new Map<Layer, number | undefined>()
  const rest: Layer[] = []
  // Any number of layers may have the same stored bytes; undefined for those that are compressed.
  const indexed = new Map<Blob, number | undefined>()
  for (const layer of layers) {
    const measured = measurements.of(layer)
    if (measured !== undefined) sizes.set(layer, measured.tar?.contentSize)
    else if (layer.claims.contentSize !== undefined) sizes.set(layer, layer.claims.contentSize)
    else if (layer.state === 'missing') sizes.set(layer, undefined)
    else {
      const size = await plainSize(layer)
      if (size === undefined) rest.push(layer)
      else sizes.set(layer, size)
    }
  }
  const others = await measureLayers(rest, [], context)
  for (const layer of rest) sizes.set(layer, others.of(layer)?.tar?.contentSize)
  return sizes

  async function plainSize(layer: Layer): Promise<number | undefined> {
    const { blob } = layer
    if (blob === undefined) return undefined
    if (!indexed.has(blob)) {
      indexed.set(blob, (await compressionOf(layer)) === 'none' ? await indexedSize(blob, context) : undefined)
    }
    return indexed.get(blob)
  }
}

type Blob = NonNullable<Layer['blob']>

async function indexedSize(blob: Blob, context: RunContext): Promise<number> {
  const sizer = contentSizer()
  await scanHeaders(blob, sizer, context)
  return sizer.size
}
