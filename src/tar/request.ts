import type { Limits } from '../context.js'
import type { OddityTeller, TarOddity } from './differences.js'
import { TarStop, type TarEnd } from './end.js'
import type { TarEntry } from './entry.js'

/** What the decoder needs next. */
export type TarRequest =
  /** Answered with that many bytes, fewer only at the end of the input; they are looked at before the next request. */
  | { readonly want: 'bytes'; readonly length: number; readonly part: 'header' | 'rest'; readonly entry: undefined }
  /** Answered with the number of bytes there were, fewer only at the end of the input. */
  | { readonly want: 'skip'; readonly length: number; readonly part: 'padding' | 'rest'; readonly entry: undefined }
  /** The same for an entry's content with its padding: the first `entry.content.length` bytes are the content. */
  | { readonly want: 'skip'; readonly length: number; readonly part: 'content'; readonly entry: TarEntry }

/** Bytes, or how many were skipped. */
export type TarAnswer = Uint8Array | number

/** Who hears of what the decoder finds, in the order of the tar. What a handler throws ends the decoding. */
export interface TarHandlers {
  onEntry(entry: TarEntry): void
  /** A piece of the stored content, valid until the call returns; only from drivers that read contents. */
  onContent?(entry: TarEntry, chunk: Uint8Array): void
  /** After the last byte of an entry's content, also where it has none; not called where the content is cut off. */
  onContentEnd?(entry: TarEntry): void
  onOddity?(oddity: TarOddity): void
}

/** A part of the decoder: it asks, is answered, and gives a result. */
export type Decoding<T> = Generator<TarRequest, T, TarAnswer>

/** How far the decoder is. */
export interface Progress {
  readonly handlers: TarHandlers
  readonly limits: Limits
  readonly tell: OddityTeller
  offset: number
  entries: number
  /** End of the last whole entry. */
  end: number
  marker: TarEnd['marker']
  /** The name that is being read, as far as it is known. */
  name: Uint8Array | undefined
}

/** Exactly that many bytes; throws TarStop where the tar ends before. */
export function* readWhole(progress: Progress, length: number, what: string): Decoding<Uint8Array> {
  const bytes = bytesOf(yield bytesRequest(length))
  progress.offset += bytes.length
  if (bytes.length === length) return bytes
  throw new TarStop('truncated-header', progress.offset, `the tar ends inside ${what}`)
}

/** A request for bytes; all requests are alike in shape, since drivers look at every one of them. */
export function bytesRequest(length: number, part: 'header' | 'rest' = 'header'): TarRequest {
  return { want: 'bytes', length, part, entry: undefined }
}

/** The bytes that were asked for. */
export function bytesOf(answer: TarAnswer): Uint8Array {
  if (typeof answer === 'number') throw new TypeError('the decoder asked for bytes and was given a number')
  return answer
}

/** The number of bytes that were skipped. */
export function countOf(answer: TarAnswer): number {
  if (typeof answer === 'number') return answer
  throw new TypeError('the decoder asked to skip and was given bytes')
}
