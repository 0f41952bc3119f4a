import { ArchiveError } from '../errors.js'
import { compressedInput } from './compressed-input.js'
import type { Decoder, DecompressOptions } from './decoder.js'
import type { ByteSource } from './source.js'
import { zstdFrameAt } from './zstd.js'

export { compress, type CompressOptions } from './compress.js'
export type { CompressionNotice, DecompressOptions } from './decoder.js'

/** How a stream is compressed; the set that docker load and import take. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2'

/** How many first bytes `detectCompression` wants; where the stream is shorter, all there are. */
export const SNIFF_BYTES = 6

// As dockerd knows them (moby's pkg/archive, DetectCompression): gzip with its method byte, bzip2 without its level.
const MAGICS = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
] as const

/** Tells the compression by the first bytes alone; names and media types lie. A skippable zstd frame counts as zstd. */
export function detectCompression(head: Uint8Array): Compression {
  for (const [kind, magic] of MAGICS) if (magic.every((byte, index) => head[index] === byte)) return kind
  return head.length >= 4 && zstdFrameAt(head) !== undefined ? 'zstd' : 'none'
}

/** The same of bytes that can be read anywhere. Errors: ERR_IO, ERR_ABORTED. */
export async function sniffCompression(source: ByteSource, signal?: AbortSignal): Promise<Compression> {
  return detectCompression(await source.read({ offset: 0, length: Math.min(SNIFF_BYTES, source.size) }, signal))
}

/** Imported when one is needed: most archives need one of them or none. */
async function decoderOf(kind: Exclude<Compression, 'none'>): Promise<Decoder> {
  switch (kind) {
    case 'gzip':
      return (await import('./gzip.js')).decodeGzip
    case 'zstd':
      return (await import('./zstd.js')).decodeZstd
    case 'xz':
      return (await import('./xz.js')).decodeXz
    case 'bzip2':
      return (await import('./bzip2.js')).decodeBzip2
  }
}

// A small stream may well expand a lot, and does no harm by it.
const RATIO_COUNTS_FROM = 64 * 1024 * 1024

function bomb(options: DecompressOptions, consumed: number): ArchiveError {
  const message = `${consumed} compressed bytes give more than ${options.limits.ratio} times as many`
  const hint = '--limit-ratio raises the limit'
  return new ArchiveError('ERR_LIMIT', message, { location: options.location, offset: consumed, hint })
}

/** Whether a WASM decoder hit an illegal instruction or address: WebAssembly.RuntimeError. */
const isTrap = (error: unknown): boolean => error instanceof Error && error.name === 'RuntimeError'

function trapped({ location }: DecompressOptions, offset: number, cause: unknown): ArchiveError {
  return new ArchiveError('ERR_COMPRESSION', 'the decoder gave up on damaged data', { location, offset, cause })
}

/**
 * The uncompressed bytes of `chunks`; each yielded chunk is valid only until the next is asked for (buffers are reused).
 * Reads to the end of `chunks`, so that who looks at them on the way sees all. Throws ArchiveError: ERR_COMPRESSION or
 * ERR_TRUNCATED with the offset in the compressed stream where it broke, ERR_LIMIT for a bomb, ERR_UNSUPPORTED.
 */
export async function* decompress(
  kind: Compression,
  chunks: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array, void> {
  if (kind === 'none') {
    yield* chunks
    return
  }
  const input = compressedInput(chunks)
  let total = 0
  try {
    const decode = await decoderOf(kind)
    for await (const chunk of decode(input, options)) {
      total += chunk.length
      if (total > RATIO_COUNTS_FROM && total > options.limits.ratio * input.offset) throw bomb(options, input.offset)
      yield chunk
    }
  } catch (error) {
    throw isTrap(error) ? trapped(options, input.offset, error) : error
  } finally {
    await input.close()
  }
}
