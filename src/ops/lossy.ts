import { diffIDOf, type DiffID } from '../bytes/digest.js'
import type { RunContext } from '../context.js'
import type { DataRoot } from '../model/data-root.js'
import type { Image, Layer } from '../model/image.js'
import { lossyConfig } from '../model/lossy-config.js'
import { assembledTar } from '../tar/split-assembly.js'
import { TAR_END_BYTES } from '../tar/write.js'
import { measureBlob } from '../tree/measure.js'
import { healthOf, isProvable } from './layer-health.js'
import type { Measurements } from './measure.js'

/**
 * An image made of what is there: layers that come out exactly stay, of damaged ones missing files are zeros, layers whose
 * sidecar is gone are made anew of their files, and lost ones are empty. Its history says so, and it has another imageID.
 * Undefined where not even the config can be read. Errors: those of the layers' tars.
 */
export async function lossyImage(
  root: DataRoot,
  image: Image,
  measurements: Measurements,
  context: RunContext,
): Promise<Image | undefined> {
  const { configSource } = image
  if (configSource.kind !== 'stored') return undefined
  const marks = new Map<number, string>()
  const layers: Layer[] = []
  const diffIDs: DiffID[] = []
  for (const layer of image.layers) {
    const state = healthOf(layer, measurements)
    const own = state === 'exact' ? layer : await lossyLayer(root, layer, state)
    if (own !== layer) marks.set(layer.index, markOf(layer, state, measurements))
    const { limits } = context
    const diffID =
      own === layer && layer.claims.diffID !== undefined
        ? layer.claims.diffID
        : diffIDOf((await measureBlob(own.tar(context), { limits, location: layer.path, layer: 'yes' })).digest)
    layers.push({ ...own, claims: { ...own.claims, diffID } })
    diffIDs.push(diffID)
  }
  const document = lossyConfig(configSource.document, diffIDs, marks)
  return { ...image, layers, config: document.value, configSource: { ...configSource, document } }
}

/** Layers made of what is there, for those that have to be put together; the others stay. */
export async function lossyLayers(
  root: DataRoot,
  layers: readonly Layer[],
  measurements: Measurements,
): Promise<readonly Layer[]> {
  const made: Layer[] = []
  for (const layer of layers) {
    const isWhole = isProvable(layer) ? healthOf(layer, measurements) === 'exact' : layer.state !== 'missing'
    made.push(isWhole ? layer : await lossyLayer(root, layer, layer.state === 'missing' ? 'lost' : 'damaged'))
  }
  return made
}

function markOf(layer: Layer, state: string, measurements: Measurements): string {
  const faults = (measurements.of(layer)?.notices ?? []).filter(({ fault }) => fault !== undefined).length
  const files = layer.blob === undefined ? `${faults} damaged files` : 'damaged, made of what it was unpacked to'
  const what = state === 'lost' ? 'lost, made of what its folder holds' : files
  return `recovered by imgtar, not the original layer: ${what}`
}

async function lossyLayer(root: DataRoot, layer: Layer, state: string): Promise<Layer> {
  const { assembly, index, path } = layer
  const made = { index, path, state: 'assembled', claims: {}, blob: undefined } as const
  if (state === 'damaged' && assembly !== undefined) {
    const onFault = () => undefined // told already, when the layer was measured
    return {
      ...made,
      tar: ({ limits, signal }) => assembledTar(assembly, { limits, signal, onFault, checkContents: false }),
    }
  }
  return (await root.rebuilt(layer)) ?? { ...made, tar: emptyTar }
}

async function* emptyTar(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(TAR_END_BYTES))
}
