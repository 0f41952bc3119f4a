import { sniffCompression, type Compression } from '../bytes/compression.js'
import type { Layer } from '../model/image.js'
import type { Measurements } from './measure.js'

/** How layers are compressed, known by their first bytes; undefined for those that are missing. */
export type SniffedLayers = ReadonlyMap<Layer, Compression | undefined>

/** Looks at the first bytes of layers that were not measured. Errors: ERR_IO. */
export async function sniffLayers(layers: readonly Layer[], measurements: Measurements): Promise<SniffedLayers> {
  const sniffed = new Map<Layer, Compression | undefined>()
  // Any number of layers may have the same stored bytes.
  const byBlob = new Map<Layer['blob'], Compression | undefined>()
  for (const layer of layers) {
    const known = measurements.of(layer)?.compression ?? byBlob.get(layer.blob)
    const compression = known ?? (await compressionOf(layer))
    if (layer.blob !== undefined) byBlob.set(layer.blob, compression)
    sniffed.set(layer, compression)
  }
  return sniffed
}

/** How a stored layer is compressed, whatever its name or media type says. Errors: ERR_IO. */
export async function compressionOf({ blob, state }: Layer): Promise<Compression | undefined> {
  if (blob === undefined) return state === 'assembled' ? 'none' : undefined
  return sniffCompression(blob)
}
