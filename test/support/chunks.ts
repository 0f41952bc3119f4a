import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { concat } from '../../src/bytes/concat.js'

/** The bytes as a stream, cut at the given places, from one buffer that is overwritten before each next chunk. */
export async function* chunksOf(bytes: Uint8Array, cuts: readonly number[] = []): AsyncGenerator<Uint8Array, void> {
  const shared = new Uint8Array(bytes.length)
  const places = [...cuts].filter((cut) => cut < bytes.length).sort((a, b) => a - b)
  let from = 0
  for (const to of [...places, bytes.length]) {
    shared.set(bytes.subarray(from, to))
    yield shared.subarray(0, to - from)
    shared.fill(0xaa)
    from = to
    await Promise.resolve()
  }
}

/** All chunks in one; each is copied before the next is asked for. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk.slice())
  return concatenated(...parts)
}

/** The parts, one after the other. */
export function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  return concat(parts)
}

/** In hex; compares large bytes faster than `toEqual` does. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Places to cut a stream of that many bytes at, empty chunks included. */
export const cutsIn = (length: number): fc.Arbitrary<number[]> => fc.array(fc.nat(length), { maxLength: 12 })
