import type { FindingCode } from '../../findings.js'
import type { FindingDetail } from '../../model/finding-log.js'

/** Something that is known of the damage in one layer. */
export interface Clue {
  readonly code: FindingCode
  readonly message: string
  /** Of the entry that is damaged. */
  readonly entry?: string
  /** In the uncompressed layer. */
  readonly layerOffset?: number
  /** In the stored blob. */
  readonly blobOffset?: number
  readonly expected?: string
  readonly actual?: string
}

/** The layer that clues are about. */
export interface ClueBase {
  readonly path: string
  readonly layer: number
  /** Where the stored blob begins in the archive, where that can be said. */
  readonly offset?: number
  /** Whether the blob is the tar itself, so that every byte of it has its place in the archive. */
  readonly isPlain: boolean
}

/** A clue as findings have it: with its place in the archive where there is one. */
export function placeOfClue(clue: Clue, { isPlain, offset, ...place }: ClueBase): FindingDetail {
  const { entry, layerOffset, blobOffset, expected, actual } = clue
  const inBlob = blobOffset ?? (isPlain ? layerOffset : undefined)
  return {
    ...place,
    ...(offset !== undefined && { offset: offset + (inBlob ?? 0) }),
    ...(entry !== undefined && { entry }),
    ...(layerOffset !== undefined && { layerOffset }),
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  }
}
