import type { DiffID } from '../bytes/digest.js'
import type { Image, Layer } from '../model/image.js'

/** Layers of an image that a base provides: those below which, themselves included, everything is the base's. */
export function providedLayers(image: Image, bases: readonly Image[]): readonly Layer[] {
  const own = image.layers.map(({ claims }) => claims.diffID)
  const most = Math.max(
    0,
    ...bases.map((base) =>
      sharedPrefix(
        own,
        base.layers.map(({ claims }) => claims.diffID),
      ),
    ),
  )
  return image.layers.slice(0, most)
}

function sharedPrefix(a: readonly (DiffID | undefined)[], b: readonly (DiffID | undefined)[]): number {
  let length = 0
  while (length < Math.min(a.length, b.length) && a[length] !== undefined && a[length] === b[length]) length += 1
  return length
}
