import type { RunContext } from '../context.js'
import type { Image, Layer, LayerClaims } from '../model/image.js'
import { measureLayers } from './measure.js'

/**
 * Images whose layers all say what they are: where the archive claims neither or lacks one (v1 archives, root filesystems,
 * compressed layers of docker archives), the layer is measured and that is its claim. Errors: ERR_IO, ERR_ABORTED.
 */
export async function withClaims(
  images: readonly Image[],
  isEnough: (claims: LayerClaims) => boolean,
  context: RunContext,
): Promise<readonly Image[]> {
  const layers = images.flatMap((image) => image.layers)
  const silent = new Set(layers.filter(({ state, claims }) => state !== 'missing' && !isEnough(claims)))
  if (silent.size === 0) return images
  const measured = await measureLayers([...silent], [], context)
  const told = (layer: Layer): Layer => {
    const found = silent.has(layer) ? measured.of(layer) : undefined
    if (found === undefined) return layer
    const { diffID, digest, size } = found
    return { ...layer, measurement: found, claims: { ...(diffID && { diffID }), digest, size, ...layer.claims } }
  }
  return images.map((image) => ({ ...image, layers: image.layers.map(told) }))
}
