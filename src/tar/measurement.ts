import type { Compression } from '../bytes/compression.js'
import type { DiffID, Digest } from '../bytes/digest.js'
import type { FindingCode } from '../findings.js'
import type { SplitFault } from './split-assemble.js'
import type { UnpackedDamage } from './split-unpacked.js'

/** Something about the bytes of a blob, found while they were measured. */
export interface Notice {
  readonly code: FindingCode
  readonly message: string
  /** Byte offset in the stored blob; only where the stored bytes are what is wrong. */
  readonly offset?: number
  /** Byte offset in the uncompressed bytes. */
  readonly layerOffset?: number
  readonly entry?: string
  /** The damaged file of a layer that had to be put together. */
  readonly fault?: SplitFault
}

/** What the tar structure of a blob looks like. */
export interface TarSummary {
  /** Headers, global ones too. */
  readonly entries: number
  /**
   * Bytes that the files and symlink targets of the layer take, each hard-linked file once: the size that docker
   * reports for a layer.
   */
  readonly contentSize: number
  /** Whether the structure could be read to its end. */
  readonly whole: boolean
}

/** What one pass over the stored bytes of a blob tells. Computed, never claimed. */
export interface Measurement {
  /** sha256 of the bytes as stored, and how many there are. */
  readonly digest: Digest
  readonly size: number
  /** sha512 of the bytes as stored, where a claim needs it. */
  readonly sha512?: Digest
  readonly compression: Compression
  /** sha256 of all uncompressed bytes; absent where the compression is damaged. */
  readonly diffID?: DiffID
  /** Uncompressed bytes, as far as they came. */
  readonly diffSize: number
  /** Absent where the bytes are no tar at all. */
  readonly tar?: TarSummary
  /** Of a layer that lies unpacked too, where that tree was held against it. */
  readonly unpacked?: UnpackedDamage
  readonly notices: readonly Notice[]
}
