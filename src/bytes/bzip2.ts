import { ArchiveError } from '../errors.js'
import { readBits, readBlock } from './bzip2-block.js'
import { unrollBlock } from './bzip2-runs.js'
import { type BitWindow, bitWindow } from './bzip2-window.js'
import type { CompressedInput } from './compressed-input.js'
import type { DecoderOptions } from './decoder.js'

const OUTPUT_BYTES = 256 * 1024
const BLOCK_UNIT = 100_000 // bytes of a block for each level

// The digits of pi and of its square root, 48 bits each.
const BLOCK_MAGIC = 0x314159265359
const END_MAGIC = 0x177245385090

/** The level in a stream's header `BZh1` to `BZh9`; undefined where no stream starts, 0 where it is cut short. */
function levelOf(header: Uint8Array): number | undefined {
  const [b, z, h, digit = 0] = header
  const told = [b ?? 0x42, z ?? 0x5a, h ?? 0x68]
  if (told[0] !== 0x42 || told[1] !== 0x5a || told[2] !== 0x68) return undefined
  if (header.length < 4) return 0
  return digit >= 0x31 && digit <= 0x39 ? digit - 0x30 : undefined
}

/** What stands before each block and at the end of a stream: 48 bits that say which, and a CRC. */
async function readMark(window: BitWindow): Promise<{ readonly isBlock: boolean; readonly crc: number }> {
  return await window.read((cursor) => {
    const magic = readBits(cursor, 24) * 2 ** 24 + readBits(cursor, 24)
    const crc = readBits(cursor, 16) * 2 ** 16 + readBits(cursor, 16)
    if (magic !== BLOCK_MAGIC && magic !== END_MAGIC) throw new Error('neither a block nor the end of the stream')
    return { isBlock: magic === BLOCK_MAGIC, crc }
  })
}

/** Room for a block of a level, made when the first one comes, and for all streams: an empty stream of 14 bytes needs none. */
function blockRoom(): (level: number) => Uint32Array {
  let room = new Uint32Array(0)
  return (level) => {
    if (room.length < level * BLOCK_UNIT) room = new Uint32Array(level * BLOCK_UNIT)
    return room.subarray(0, level * BLOCK_UNIT)
  }
}

/** Where one stream is read from and to. */
interface StreamPlace {
  readonly window: BitWindow
  readonly output: Uint8Array
  /** The block of a stream of this level. */
  readonly room: (level: number) => Uint32Array
}

/** The blocks of one stream, up to and with its end mark. */
async function* readStream({ window, output, room }: StreamPlace, level: number, options: DecoderOptions) {
  let combined = 0
  const compare = (stored: number, computed: number, offset: number, what: string) => {
    if (stored === computed) return
    options.onNotice?.({ kind: 'checksum', offset, message: `the CRC of a bzip2 ${what} differs from its data` })
  }
  for (;;) {
    await window.ahead()
    const offset = window.offset()
    const mark = await readMark(window)
    if (!mark.isBlock) {
      compare(mark.crc, combined, offset, 'stream')
      return
    }
    const block = room(level)
    const linked = await window.read((cursor) => readBlock(cursor, block))
    const crc = yield* unrollBlock(block, linked, output)
    compare(mark.crc, crc, offset, 'block')
    combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0
  }
}

/** Bytes behind the last stream; the window holds the first of them already. */
async function passTrailing(window: BitWindow, input: CompressedInput, options: DecoderOptions): Promise<void> {
  const offset = window.offset()
  await input.pass(Infinity)
  const count = input.offset - offset
  if (count === 0) return
  const message = `${count} bytes that are no bzip2 stream follow the last one`
  options.onNotice?.({ kind: 'trailing-bytes', offset, message })
}

/**
 * The data of all streams of a bzip2 file, in chunks that are valid until the next is asked for. Wrong CRCs and bytes
 * behind the last stream are notices. Throws ERR_TRUNCATED, and ERR_COMPRESSION with the offset of the damage.
 *
 * Our own, for unbzip2-stream decodes all that its input buffer holds in one call, and each block into an array of numbers:
 * 1.4 KB of zeros, a bomb of 2 GB, took it to 4.9 GB of memory. This one holds one block as bzip2 itself does, 3.6 MB.
 */
export async function* decodeBzip2(input: CompressedInput, options: DecoderOptions): AsyncGenerator<Uint8Array, void> {
  const window = bitWindow(input, options)
  const place = { window, output: new Uint8Array(OUTPUT_BYTES), room: blockRoom() }
  let uncompressed = 0
  for (let first = true; ; first = false) {
    const header = await window.peek(4)
    if (header.length === 0 && !first) return
    const level = levelOf(header)
    const where = { location: options.location, offset: window.offset() + (level === 0 ? header.length : 0) }
    if (level === 0) throw new ArchiveError('ERR_TRUNCATED', 'the bzip2 stream ends inside its header', where)
    if (level === undefined && first) throw new ArchiveError('ERR_COMPRESSION', 'no bzip2 stream starts here', where)
    if (level === undefined) break
    options.onFrame?.(window.offset(), uncompressed)
    await window.read((cursor) => readBits(cursor, 16) + readBits(cursor, 16))
    for await (const chunk of readStream(place, level, options)) {
      uncompressed += chunk.length
      yield chunk
    }
    window.align()
  }
  await passTrailing(window, input, options)
}
