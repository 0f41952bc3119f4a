// Far more than anybody has. A document of 4 MiB names a million images or layers, and long chains of parents are shared:
// each would take its kilobyte of memory, and an image several.
const MOST = 100_000
const IMAGE = 4

/** How much of an archive is read: 100,000 layers, or a quarter as many images without any. */
export interface ImageAllowance {
  /** Whether an image of so many layers is read; none is after the first that is not. */
  takes(layers: number): boolean
}

/** `onEnd` hears once what is more than is read. */
export function imageAllowance(onEnd: (excess: string) => void): ImageAllowance {
  let left = MOST
  return {
    takes(layers) {
      if (left < 0) return false
      left -= IMAGE + layers
      if (left >= 0) return true
      onEnd(`more than ${MOST} layers, or ${MOST / IMAGE} images`)
      return false
    },
  }
}
