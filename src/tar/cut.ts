import type { Span } from '../bytes/source.js'
import type { TarEntry } from './entry.js'
import { paddingOf } from './header.js'

/** Parts of a tar, in order. */
export interface Cuts extends Iterable<Span> {
  /** Takes a member with all its headers and its padding; it lies behind those before. */
  add(entry: Pick<TarEntry, 'header' | 'content'>): void
}

/** No parts yet. Members that follow each other are one part. */
export function cuts(): Cuts {
  const spans: { readonly offset: number; length: number }[] = []
  return {
    add({ header, content }) {
      const length = header.length + content.length + paddingOf(content.length)
      const last = spans.at(-1)
      if (last !== undefined && last.offset + last.length === header.offset) last.length += length
      else spans.push({ offset: header.offset, length })
    },
    [Symbol.iterator]: () => spans[Symbol.iterator](),
  }
}

/** Bytes without some parts of them; all others are as they were. Chunks are parts of those that come in. */
export async function* withoutParts(
  chunks: AsyncIterable<Uint8Array>,
  parts: Iterable<Span>,
): AsyncGenerator<Uint8Array> {
  const rest = [...parts].reverse()
  let from = 0
  for await (const chunk of chunks) {
    const end = from + chunk.length
    let at = from
    while (at < end) {
      const next = rest.at(-1)
      const stop = Math.min(end, next?.offset ?? end)
      if (stop > at) yield chunk.subarray(at - from, stop - from)
      at = Math.max(at, stop)
      if (next === undefined || at < next.offset) continue
      at = Math.min(end, next.offset + next.length)
      if (at === next.offset + next.length) rest.pop()
    }
    from = end
  }
}
