import type { RunContext } from '../context.js'
import type { Image } from '../model/image.js'

/** Where to write an archive. */
export interface ArchivePlace {
  readonly path: string
  /** Whether a file that is there is replaced. */
  readonly force: boolean
}

/**
 * Writes images as one archive, or only as if where no place is given; gives how many bytes it has. Operations are handed it,
 * since they know no format.
 */
export type ArchiveWriter = (
  images: readonly Image[],
  place: ArchivePlace | undefined,
  context: RunContext,
) => Promise<number>
