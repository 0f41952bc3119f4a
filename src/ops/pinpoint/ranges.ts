import type { Span } from '../../bytes/source.js'

/** Collects stretches of bytes that differ; those that lie close together are one. */
export interface RangeCollector {
  /** Bytes `[from, to)` differ; calls come in order. */
  add(from: number, to: number): void
  readonly ranges: readonly Span[]
  /** Whether there were more than are kept. */
  readonly isCut: boolean
}

// A difference of two contents is a handful of equal bytes away from the next.
const GAP = 16
const MOST_RANGES = 10_000

/** An empty collection. */
export function rangeCollector(): RangeCollector {
  const ranges: { offset: number; length: number }[] = []
  let isCut = false
  return {
    ranges,
    get isCut() {
      return isCut
    },
    add(from, to) {
      const last = ranges.at(-1)
      if (last !== undefined && from - (last.offset + last.length) < GAP) last.length = to - last.offset
      else if (ranges.length < MOST_RANGES) ranges.push({ offset: from, length: to - from })
      else isCut = true
    },
  }
}

/** Adds where two stretches of the same length that begin at `offset` differ. */
export function addDifferences(a: Uint8Array, b: Uint8Array, offset: number, into: RangeCollector): void {
  for (let at = 0; at < a.length; at++) {
    if (a[at] === b[at]) continue
    let end = at + 1
    while (end < a.length && a[end] !== b[end]) end++
    into.add(offset + at, offset + end)
    at = end
  }
}

/** The stretches in which two streams differ; where one is shorter, the rest of the other counts as a difference. */
export async function differences(
  a: AsyncIterable<Uint8Array>,
  b: AsyncIterable<Uint8Array>,
): Promise<{ readonly ranges: readonly Span[]; readonly isCut: boolean; readonly compared: number }> {
  const collected = rangeCollector()
  const [left, right] = [cursor(a), cursor(b)]
  let offset = 0
  try {
    for (;;) {
      const [one, other] = [await left.peek(), await right.peek()]
      const length = Math.min(one.length, other.length)
      if (length === 0) break
      addDifferences(one.subarray(0, length), other.subarray(0, length), offset, collected)
      left.skip(length)
      right.skip(length)
      offset += length
    }
    const rest = Math.max(await left.rest(), await right.rest())
    if (rest > 0) collected.add(offset, offset + rest)
  } finally {
    await Promise.all([left.close(), right.close()])
  }
  return { ranges: collected.ranges, isCut: collected.isCut, compared: offset }
}

interface Cursor {
  /** What is at hand; empty at the end. */
  peek(): Promise<Uint8Array>
  skip(length: number): void
  /** Reads to the end, and counts. */
  rest(): Promise<number>
  close(): Promise<void>
}

const NOTHING = new Uint8Array(0)

function cursor(chunks: AsyncIterable<Uint8Array>): Cursor {
  const iterator = chunks[Symbol.asyncIterator]()
  let held: Uint8Array = NOTHING
  const next = async (): Promise<Uint8Array> => {
    for (;;) {
      const step = await iterator.next()
      if (step.done === true) return NOTHING
      if (step.value.length > 0) return step.value
    }
  }
  return {
    async peek() {
      if (held.length === 0) held = await next()
      return held
    },
    skip(length) {
      held = held.subarray(length)
    },
    async rest() {
      let count = held.length
      for (held = await next(); held.length > 0; held = await next()) count += held.length
      return count
    },
    async close() {
      await iterator.return?.()
    },
  }
}
