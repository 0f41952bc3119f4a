import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import { measureLayers } from './measure.js'
import { provedDiffID } from './outgoing-layers.js'

/**
 * Reads layers once, on all threads, and holds each against the diffID that the config claims; those that are missing are
 * passed over. Errors: ERR_DIGEST, ERR_COMPRESSION, those of measureLayers.
 */
export async function proveLayers(layers: readonly Layer[], context: RunContext): Promise<void> {
  const there = layers.filter(({ state }) => state !== 'missing')
  const measurements = await measureLayers(there, [], context)
  for (const layer of there) {
    const measurement = measurements.of(layer)
    if (measurement !== undefined) provedDiffID(layer, { measurement, notices: measurement.notices })
  }
}
