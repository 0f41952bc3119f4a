import { ArchiveError } from '../errors.js'
import type { Image, Layer } from './image.js'

/** Layers of an image by their number, for messages about the archive that a location names. */
interface Numbered {
  readonly layers: readonly Layer[]
  readonly location: string
}

/** A layer by its number, base = 0. Errors: ERR_NOT_FOUND. */
export function layerAt({ layers, location }: Numbered, index: number): Layer {
  const found = layers[index]
  if (found !== undefined) return found
  const hint = layers.length === 0 ? 'the image has none' : `the image has 0 (base) to ${layers.length - 1}`
  throw new ArchiveError('ERR_NOT_FOUND', `no layer ${index}`, { location, hint })
}

/** The layers up to one, base = 0: the image before what those above it changed. All where none is named. Errors: ERR_NOT_FOUND. */
export function layersAsOf({ layers }: Image, top: number | undefined, location: string): readonly Layer[] {
  if (top === undefined) return layers
  return layers.slice(0, layerAt({ layers, location }, top).index + 1)
}
