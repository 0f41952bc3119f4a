import type { FindingLog } from '../model/finding-log.js'

// Far more than anybody has. A document of 4 MiB names a million images or layers, and long chains of parents are shared:
// each would take its kilobyte of memory, and an image several.
const MOST = 100_000
const IMAGE = 4

/** How much of an archive is read: 100,000 layers, or a quarter as many images without any. */
export interface ImageAllowance {
  /** Whether an image of so many layers is read; the first that is not becomes a finding, and none after it is read. */
  takes(layers: number): boolean
}

/** `path` is where the images are named. */
export function imageAllowance(log: FindingLog, path?: string): ImageAllowance {
  let left = MOST
  return {
    takes(layers) {
      if (left < 0) return false
      left -= IMAGE + layers
      if (left >= 0) return true
      const message = `more than ${MOST} layers, or ${MOST / IMAGE} images: not all of them are read`
      log.add('LIMIT_REACHED', message, path === undefined ? {} : { path })
      return false
    },
  }
}
