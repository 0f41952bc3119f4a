import { isDeepStrictEqual } from 'node:util'

/** The chunks of `chunks` as they come; `onDifference` is called once if `others` does not hold the same bytes. */
export async function* comparedWith(
  chunks: AsyncIterable<Uint8Array>,
  others: AsyncIterable<Uint8Array>,
  onDifference: () => void,
): AsyncGenerator<Uint8Array> {
  // isDeepStrictEqual compares typed arrays as memcmp does.
  const other = others[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let same = true
  try {
    for await (const chunk of chunks) {
      for (let at = 0; same && at < chunk.length;) {
        if (rest.length === 0) {
          const next = await other.next()
          if (next.done !== true) rest = next.value
        }
        const length = Math.min(rest.length, chunk.length - at)
        same = length > 0 && isDeepStrictEqual(rest.subarray(0, length), chunk.subarray(at, at + length))
        rest = rest.subarray(length)
        at += length
        if (!same) onDifference()
      }
      yield chunk
    }
  } finally {
    await other.return?.()
  }
}
