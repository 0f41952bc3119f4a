import { concat } from './concat.js'

/**
 * A forward cursor over a stream of chunks: takes exactly as many bytes as are asked for, fewer only at the end, and
 * never holds more than one chunk and the answer.
 */
export interface ByteReader {
  /** Bytes taken so far. */
  readonly offset: number
  /** The next `length` bytes in a buffer of their own; fewer at the end of the stream. */
  read(length: number): Promise<Uint8Array>
  /** The next `length` bytes as views on the chunks as they come; stops early at the end of the stream. */
  take(length: number): AsyncGenerator<Uint8Array>
  /** Releases the stream. */
  close(): Promise<void>
}

class ChunkReader implements ByteReader {
  offset = 0
  private rest: Uint8Array = new Uint8Array(0)
  private readonly source: AsyncIterator<Uint8Array>

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.source = chunks[Symbol.asyncIterator]()
  }

  async read(length: number): Promise<Uint8Array> {
    const result = new Uint8Array(length)
    let filled = 0
    while (filled < length && (await this.fill())) {
      const part = this.cut(length - filled)
      result.set(part, filled)
      filled += part.length
    }
    return filled === length ? result : result.slice(0, filled)
  }

  async *take(length: number): AsyncGenerator<Uint8Array> {
    let left = length
    while (left > 0 && (await this.fill())) {
      const part = this.cut(left)
      left -= part.length
      yield part
    }
  }

  async close(): Promise<void> {
    await this.source.return?.()
  }

  /** Whether there are bytes to cut from. */
  private async fill(): Promise<boolean> {
    while (this.rest.length === 0) {
      const next = await this.source.next()
      if (next.done === true) return false
      this.rest = next.value
    }
    return true
  }

  private cut(most: number): Uint8Array {
    const part = this.rest.subarray(0, most)
    this.rest = this.rest.subarray(part.length)
    this.offset += part.length
    return part
  }
}

/** A forward cursor over `chunks`. */
export function readChunks(chunks: AsyncIterable<Uint8Array>): ByteReader {
  return new ChunkReader(chunks)
}

/** Reads a stream to its end for the sake of those who watch it on the way. */
export async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  const source = chunks[Symbol.asyncIterator]()
  let next = await source.next()
  while (next.done !== true) next = await source.next()
}

/** The chunks as they come; `onBytes` hears how long each is. */
export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length)
    yield chunk
  }
}

/** The beginning of a stream, and the chunks that it was read from, which are still to be used. */
export interface FirstBytes {
  /** At least as many as were asked for, unless the stream is shorter. */
  readonly bytes: Uint8Array
  readonly chunks: readonly Uint8Array[]
}

/** Looks at the first bytes of a stream whose chunks are each valid until the next is asked for. */
export async function firstBytes(chunks: AsyncIterator<Uint8Array>, most: number): Promise<FirstBytes> {
  const parts: Uint8Array[] = []
  let length = 0
  while (length < most) {
    const next = await chunks.next()
    if (next.done === true) break
    // The first chunk is used before the next one is asked for; only where one is too short are copies kept.
    if (parts.length === 0 && next.value.length >= most) return { bytes: next.value, chunks: [next.value] }
    parts.push(next.value.slice())
    length += next.value.length
  }
  const bytes = concat(parts)
  return { bytes, chunks: [bytes] }
}

/** Some chunks, then the rest of their stream, which ends with this one. */
export async function* prepended(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* first
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
