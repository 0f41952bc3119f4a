import type { RunContext } from '../context.js'
import { ArchiveError, HINTS } from '../errors.js'
import type { HistoryEntry } from '../model/config.js'
import { findingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import { scanLayer } from '../tree/layer-entries.js'
import { knownImage, withLayers } from './relayer.js'

/** What the new steps of the history say. */
export interface AppendOptions {
  readonly comment?: string
}

/**
 * The image with more layers on top, the first given lowest, their bytes as they are. Errors: ERR_TAR_HEADER for a layer
 * that is no whole tar; those of knownImage.
 */
export async function append(
  image: Image,
  layers: readonly Layer[],
  { comment }: AppendOptions,
  context: RunContext,
): Promise<Image> {
  const known = await knownImage(image, context)
  for (const layer of layers) await refuseBroken(layer, context)
  const { created } = known.config.value
  const steps: HistoryEntry[] = layers.map(({ path }) => ({
    created_by: `imgtar append ${nameOf(path)}`,
    ...(comment !== undefined && { comment }),
    ...(created !== undefined && { created }),
  }))
  return withLayers(known, [...image.layers, ...layers], { history: [...known.history, ...steps] })
}

// The same layer from another directory makes the same image.
function nameOf(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//, '')
}

async function refuseBroken(layer: Layer, context: RunContext): Promise<void> {
  const log = findingLog(layer.path)
  const isWhole = await scanLayer(layer, { onEntry: () => undefined }, log, context)
  const [first] = log.findings
  if (isWhole) return
  const offset = first?.where.layerOffset ?? first?.where.offset
  throw new ArchiveError('ERR_TAR_HEADER', `no layer can be made of it: ${first?.message ?? 'it is no tar'}`, {
    location: layer.path,
    hint: (offset ?? 0) === 0 ? HINTS.noTar : HINTS.cut,
    ...(offset !== undefined && { offset }),
  })
}
