import * as zlib from 'node:zlib'
import type { Transform } from 'node:stream'
import { ArchiveError } from '../errors.js'
import { gzipBlocks, gzipHeader, gzipTrailer } from './gzip-blocks.js'

const CHUNK_BYTES = 256 * 1024
// 3 % larger than what skopeo makes, in less time; see docs/decisions.md.
const GZIP_LEVEL = 3

/** How to compress. */
export interface CompressOptions {
  /** 1 to 9 for gzip, 1 to 19 for zstd; where it is left out 3, and 6 for reproducible gzip. */
  readonly level?: number
  /** gzip only, and slower: the same bytes from the same data whatever zlib this Node carries. */
  readonly reproducible?: boolean
}

/** Bytes that a stream makes of `chunks`; a chunk is asked for when the stream is done with the one before. */
async function* through(stream: Transform, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve())))
  const feed = async () => {
    for await (const chunk of chunks) await write(chunk)
    stream.end()
  }
  const fed = feed().catch((error: unknown) => void stream.destroy(error instanceof Error ? error : undefined))
  try {
    // A stream's chunks have no type: zlib's are Buffers, and so Uint8Arrays.
    for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk
  } finally {
    stream.destroy()
    await fed
  }
}

async function* reproducibleGzip(chunks: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array, void> {
  const { Deflate } = await import('pako')
  const deflate = new Deflate({ raw: true, level, chunkSize: CHUNK_BYTES })
  let ready: Uint8Array[] = [gzipHeader(level)]
  deflate.onData = (chunk) => void ready.push(chunk)
  const take = () => ready.splice(0)
  let crc = 0
  let size = 0
  for await (const chunk of chunks) {
    crc = zlib.crc32(chunk, crc)
    size += chunk.length
    deflate.push(chunk, false)
    yield* take()
  }
  deflate.push(new Uint8Array(0), true)
  ready = [...ready, gzipTrailer(crc, size)]
  yield* take()
}

function zstdCompressor(level: number): Transform {
  // Not in the types of Node 20, nor in Node 20 itself.
  const create: unknown = Reflect.get(zlib, 'createZstdCompress')
  if (typeof create !== 'function') {
    const hint = 'use Node 22.15 or newer, or write gzip'
    throw new ArchiveError('ERR_UNSUPPORTED', 'this Node cannot compress with zstd', { hint })
  }
  const ZSTD_c_compressionLevel = 100
  // What the function of that name is documented to give.
  return Reflect.apply(create, zlib, [
    { chunkSize: CHUNK_BYTES, params: { [ZSTD_c_compressionLevel]: level } },
  ]) as Transform
}

/**
 * `chunks` compressed; each is used up before the next is asked for, and what is yielded is the caller's. Throws
 * ERR_UNSUPPORTED for zstd where this Node has none (before 22.15).
 */
export async function* compress(
  kind: 'gzip' | 'zstd',
  chunks: AsyncIterable<Uint8Array>,
  options: CompressOptions = {},
): AsyncGenerator<Uint8Array, void> {
  if (kind === 'zstd') yield* through(zstdCompressor(options.level ?? 3), chunks)
  else if (options.reproducible === true) yield* reproducibleGzip(chunks, options.level ?? 6)
  else yield* gzipBlocks(chunks, options.level ?? GZIP_LEVEL)
}
