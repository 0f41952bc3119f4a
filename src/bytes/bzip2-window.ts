import { ArchiveError } from '../errors.js'
import type { BitCursor } from './bzip2-block.js'
import type { CompressedInput } from './compressed-input.js'
import type { DecoderOptions } from './decoder.js'

const FIRST_BYTES = 1024 * 1024 // as long as nearly every block is; it doubles for one that is longer

/** Compressed bytes in hand, and a cursor of bits over them. */
export interface BitWindow {
  /**
   * Reads ahead as far as the window goes, and a block is then seldom begun in vain. Not while half of it is left: what is
   * unread moves to the front each time, and streams may be short.
   */
  ahead(): Promise<unknown>
  /** Moves the cursor over `read`, with more bytes and from the same place again where it ran out of them. */
  read<Result>(read: (cursor: BitCursor) => Result): Promise<Result>
  /** Moves on to a whole byte, as stands between streams. */
  align(): void
  /** Offset in the compressed stream of the byte with the next bit. */
  offset(): number
  /** The next whole bytes, fewer at the end. */
  peek(count: number): Promise<Uint8Array>
}

function tried<Result>(read: () => Result): { readonly value: Result } | { readonly failure: string } {
  try {
    return { value: read() }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}

const truncated = (location: string, offset: number) =>
  new ArchiveError('ERR_TRUNCATED', 'the bzip2 stream ends inside a block', { location, offset })

const damaged = (location: string, offset: number, words: string) =>
  new ArchiveError('ERR_COMPRESSION', `damaged bzip2 data: ${words}`, { location, offset })

function doubled(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2)
  larger.set(buffer)
  return larger
}

/** A window over `input`; it reads ahead of what it decodes, so its own `offset` tells where damage is. */
export function bitWindow(input: CompressedInput, { location }: DecoderOptions): BitWindow {
  let buffer = new Uint8Array(FIRST_BYTES)
  let length = 0
  let bit = 0
  let before = 0 // compressed bytes before the buffer

  /** Makes room, dropping what was read and doubling where nothing can be dropped, and adds bytes; false at the end. */
  async function grow(): Promise<boolean> {
    const used = bit >>> 3
    if (used > 0) buffer.copyWithin(0, used, length)
    before += used
    length -= used
    bit &= 7
    if (length === buffer.length) buffer = doubled(buffer)
    if (!(await input.fill())) return false
    const piece = input.unread().subarray(0, buffer.length - length)
    buffer.set(piece, length)
    length += piece.length
    input.skip(piece.length)
    return true
  }

  async function fill(): Promise<boolean> {
    const grew = await grow()
    while (grew && length < buffer.length) if (!(await grow())) break
    return grew
  }

  return {
    ahead: async () => (length - (bit >>> 3) < buffer.length / 2 ? await fill() : false),
    async read(read) {
      for (;;) {
        const cursor: BitCursor = { bytes: buffer.subarray(0, length), bit }
        const attempt = tried(() => read(cursor))
        if (cursor.bit > length * 8) {
          if (!(await fill())) throw truncated(location, before + length)
        } else if ('failure' in attempt) {
          throw damaged(location, before + (cursor.bit >>> 3), attempt.failure)
        } else {
          bit = cursor.bit
          return attempt.value
        }
      }
    },
    align() {
      bit = (bit + 7) & ~7
    },
    offset: () => before + (bit >>> 3),
    async peek(count) {
      while (length - (bit >>> 3) < count) if (!(await grow())) break
      return buffer.slice(bit >>> 3, Math.min(length, (bit >>> 3) + count))
    },
  }
}
