import { concat } from './concat.js'

const NOTHING = new Uint8Array(0)

/** A forward cursor over the chunks of a compressed stream, for decoders: it counts what was read and never reads ahead. */
export interface CompressedInput {
  /** Offset in the compressed stream of the next unread byte. */
  readonly offset: number
  /** The unread bytes in hand, perhaps none; valid until the next `fill` or `peek`. */
  unread(): Uint8Array
  /** True when there are unread bytes, after asking the source where none were in hand; false at the end. */
  fill(): Promise<boolean>
  /** Counts that many of the unread bytes as read. */
  skip(count: number): void
  /** The next bytes without reading them: fewer than `count` only at the end of the stream. */
  peek(count: number): Promise<Uint8Array>
  /** Reads that many bytes, showing each piece to `visit`; answers how many there were. */
  pass(count: number, visit?: (piece: Uint8Array) => void): Promise<number>
  /** Tells the source that no more will be asked. */
  close(): Promise<void>
}

/** A cursor over `chunks`; each chunk is used up before the next is asked for, so the source may reuse its buffer. */
export function compressedInput(chunks: AsyncIterable<Uint8Array>): CompressedInput {
  const source = chunks[Symbol.asyncIterator]()
  let chunk: Uint8Array = NOTHING
  let position = 0
  let before = 0 // bytes of the chunks that are used up

  /** Puts the next chunk behind what is unread; the copy outlives the source's buffer. */
  async function grow(): Promise<boolean> {
    const rest = chunk.slice(position)
    const next = await source.next()
    const more = next.done === true ? NOTHING : next.value
    before += position
    chunk = rest.length === 0 ? more : concat([rest, more])
    position = 0
    return next.done !== true
  }

  async function fill(): Promise<boolean> {
    while (position === chunk.length) if (!(await grow())) return false
    return true
  }

  return {
    get offset() {
      return before + position
    },
    unread: () => chunk.subarray(position),
    fill,
    skip(count) {
      position += count
    },
    async peek(count) {
      while (chunk.length - position < count) if (!(await grow())) break
      return chunk.subarray(position, position + count)
    },
    async pass(count, visit) {
      let passed = 0
      while (passed < count && (await fill())) {
        const piece = chunk.subarray(position, position + count - passed)
        position += piece.length
        passed += piece.length
        visit?.(piece)
      }
      return passed
    },
    async close() {
      await source.return?.()
    },
  }
}
