import type { Limits } from '../context.js'
import type { CompressedInput } from './compressed-input.js'

/** What a decoder noticed besides bytes: damage stops nothing that can go on. */
export interface CompressionNotice {
  readonly kind: 'trailing-bytes' | 'checksum'
  /** In the compressed stream. */
  readonly offset: number
  readonly message: string
}

/** What every decoder is told. */
export interface DecompressOptions {
  readonly limits: Limits
  /** What errors name as the damaged thing. */
  readonly location: string
  onNotice?(notice: CompressionNotice): void
  /** Called at the start of each gzip member, zstd frame or bzip2 stream, with its offset on both sides. */
  onFrame?(compressed: number, uncompressed: number): void
}

/** The part of the options that a single decoder needs. */
export type DecoderOptions = Omit<DecompressOptions, 'limits'>

/** The uncompressed bytes of a stream, each chunk valid until the next is asked for. */
export type Decoder = (input: CompressedInput, options: DecoderOptions) => AsyncIterable<Uint8Array>
