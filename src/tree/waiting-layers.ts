import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Layer } from '../model/image.js'
import { tooManyNames } from './place.js'

// Each layer that waits to be applied has its lists and tables: an empty one takes as much memory as hundreds of names.
const NAMES_A_LAYER = 1000
// Several times what any engine takes.
const LEAST = 1000

/** Refuses an image whose layers are too many to wait together. Errors: ERR_LIMIT. */
export function refuseManyLayers(layers: readonly Layer[], { entries }: Limits): void {
  const most = Math.max(LEAST, Math.floor(entries / NAMES_A_LAYER))
  if (layers.length <= most) return
  throw new ArchiveError('ERR_LIMIT', `an image of ${layers.length} layers is over the limit of ${most}`, {
    hint: `raise it with --limit-entries, by ${NAMES_A_LAYER} for each layer, if the archive is trusted`,
  })
}

/** Hears of each entry that waits to be applied: one small layer may be there ever so often. Throws ERR_LIMIT. */
export function countWaiting(limits: Limits): () => void {
  let waiting = 0
  return () => {
    waiting += 1
    if (waiting > limits.entries) throw tooManyNames(limits)
  }
}
