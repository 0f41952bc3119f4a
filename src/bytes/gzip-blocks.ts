import { promisify } from 'node:util'
import * as zlib from 'node:zlib'

// A block must be worth handing to another thread, and a few of them must not fill the memory.
const BLOCK = 1024 * 1024
// Most blocks become smaller than that.
const OUTPUT = BLOCK / 2
// The most that zlib knows: a twentieth faster than its default, for 128 KiB more.
const MEM_LEVEL = 9
// RFC 1951, 2: a match reaches back this far.
const REACH = 32 * 1024
// Node gives zlib and the file system four threads together. With fewer blocks a core has nothing to do while the first of
// them is waited for (a twenty-fifth of the time); with more, reads and writes stand in line longer.
const SIDE_BY_SIDE = 4
// The last block of RFC 1951, 3.2.6: fixed codes, and nothing but the end.
const NO_MORE = Uint8Array.of(0x03, 0x00)

const deflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.deflateRaw)

/** RFC 1952, 2.3: no name, no time, OS 255 (unknown), the extra flags that Go sets: 2 for the best level, 4 for the fastest. */
export function gzipHeader(level: number): Uint8Array {
  return Uint8Array.of(0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, level === 9 ? 2 : level === 1 ? 4 : 0, 255)
}

/** RFC 1952, 2.3.1: the CRC-32 and the size modulo 2^32 of the uncompressed data. */
export function gzipTrailer(crc: number, size: number): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(8))
  trailer.setUint32(0, crc, true)
  trailer.setUint32(4, size % 2 ** 32, true)
  return new Uint8Array(trailer.buffer)
}

/**
 * `chunks` as one gzip member whose blocks of 1 MiB are compressed side by side, each with the end of the one before as
 * its dictionary. The bytes depend on the data, the level and Node's zlib, and not on how the data comes or on the number
 * of threads. Each chunk is used up before the next is asked for; what is yielded is the caller's.
 */
export async function* gzipBlocks(chunks: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array, void> {
  const running: Promise<Uint8Array>[] = [Promise.resolve(gzipHeader(level))]
  const compressed = blockCompressor(level)
  // Buffers of blocks that are done: new ones for each would keep the garbage collector busy.
  const free: Uint8Array[] = []
  let crc = 0
  let size = 0
  try {
    for await (const block of blocksOf(chunks, () => free.pop() ?? new Uint8Array(BLOCK))) {
      crc = zlib.crc32(block, crc)
      size += block.length
      const next = compressed(block).finally(() => block.length === BLOCK && free.push(block))
      // It is awaited in its turn, or nobody's where the consumer leaves.
      next.catch(() => undefined)
      running.push(next)
      if (running.length < SIDE_BY_SIDE) continue
      const first = running.shift()
      if (first !== undefined) yield await first
    }
    for (const next of running) yield await next
  } finally {
    await Promise.allSettled(running)
  }
  yield NO_MORE.slice()
  yield gzipTrailer(crc, size)
}

/** Compresses one block after the other; each ends on a byte (RFC 1951, 3.2.4: an empty stored block). */
function blockCompressor(level: number): (block: Uint8Array) => Promise<Uint8Array> {
  let dictionary: Uint8Array | undefined
  return (block) => {
    const finishFlush = zlib.constants.Z_SYNC_FLUSH
    const options = { level, memLevel: MEM_LEVEL, finishFlush, chunkSize: OUTPUT, ...(dictionary && { dictionary }) }
    // A copy: the block's buffer may be filled anew before the next one is begun.
    dictionary = block.slice(-REACH)
    return deflateRaw(block, options)
  }
}

/** The same bytes in blocks, all but the last of one size, each in the next buffer that `take` gives. */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>, take: () => Uint8Array): AsyncGenerator<Uint8Array, void> {
  let block = take()
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + BLOCK - filled)
      block.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < BLOCK) continue
      yield block
      block = take()
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}
