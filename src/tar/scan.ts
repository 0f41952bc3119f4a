import { setImmediate } from 'node:timers/promises'
import { refuseAborted } from '../errors.js'
import { isSource, type Bytes, type ByteSource, type Span } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { decodeTar, type TarAnswer, type TarHandlers, type TarRequest } from './decode.js'
import { tarFaultError, type TarEnd } from './end.js'
import type { TarEntry } from './entry.js'
import { recorded } from './replay.js'

/** What a scan needs of the run. */
export type ScanContext = Pick<RunContext, 'limits' | 'signal'>

/** A scan that is fed: bytes of the tar in order, cut anywhere, and then its end. */
export interface TarPusher {
  /** The next bytes; the decoder keeps none of them. Handlers are called meanwhile. */
  push(chunk: Uint8Array): void
  /** No more bytes: how the tar ended. To be called once. */
  end(): TarEnd
}

const EMPTY = new Uint8Array(0)

/**
 * A scan for the hot path: no promises, contents are handed on as views of what was pushed, and so are, where somebody
 * wants to replay them, the header blocks.
 */
export function tarPusher(
  handlers: TarHandlers,
  limits: RunContext['limits'],
  onHeader?: (bytes: Uint8Array) => void,
): TarPusher {
  const plain = decodeTar(handlers, limits)
  const feeder = tarFeeder(onHeader === undefined ? plain : recorded(plain, onHeader), handlers)
  return {
    push: (chunk) => void feeder.feed(chunk, 0, NEVER),
    end: () => feeder.end(),
  }
}

const NEVER = { isDone: false }

/** A decoder that is fed. */
export interface TarFeeder {
  /** Feeds the bytes of a chunk from `at` on until `until` is done: where it stopped, the end of the chunk if nowhere. */
  feed(chunk: Uint8Array, at: number, until: { readonly isDone: boolean }): number
  /** No more bytes: how the tar ended. To be called once. */
  end(): TarEnd
}

/** Feeds a decoder whose handlers are these. */
export function tarFeeder(decoder: ReturnType<typeof decodeTar>, handlers: TarHandlers): TarFeeder {
  let step = decoder.next()
  let held: Uint8Array | undefined // what a request for bytes has got so far, where a chunk did not have it all
  let count = 0 // bytes of the request that are already there

  const answer = (value: TarAnswer) => {
    held = undefined
    count = 0
    step = decoder.next(value)
  }
  const gather = (part: Uint8Array, length: number) => {
    held ??= new Uint8Array(length)
    held.set(part, count)
    count += part.length
    if (count === length) answer(held)
  }
  return {
    feed(chunk, start, until) {
      let at = start
      while (at < chunk.length && step.done !== true && !until.isDone) {
        const request = step.value
        const length = Math.min(request.length - count, chunk.length - at)
        const from = at
        at += length
        if (request.want === 'bytes') {
          const part = chunk.subarray(from, at)
          if (length === request.length) answer(part)
          else gather(part, request.length)
          continue
        }
        if (request.part === 'content' && handlers.onContent !== undefined) {
          const left = request.entry.content.length - count // the rest is padding
          if (left > 0) handlers.onContent(request.entry, chunk.subarray(from, Math.min(at, from + left)))
        }
        count += length
        if (count === request.length) answer(count)
      }
      return at
    },
    end() {
      while (step.done !== true) answer(step.value.want === 'bytes' ? (held?.subarray(0, count) ?? EMPTY) : count)
      return step.value
    },
  }
}

/** Scans a tar that flows past, once and in order; contents are handed on as views of the chunks. */
export async function scanChunks(
  chunks: AsyncIterable<Uint8Array>,
  handlers: TarHandlers,
  context: ScanContext,
): Promise<TarEnd> {
  return finish(stepsOfChunks(chunks, handlers, context))
}

/** Scans a tar that can be read anywhere: contents are hopped over, unless there is an `onContent` to read them for. */
export async function scanSource(source: ByteSource, handlers: TarHandlers, context: ScanContext): Promise<TarEnd> {
  return finish(stepsOfSource(source, handlers, context))
}

/** Entries in the order of the tar; throws an ArchiveError where the tar cannot be read on. */
export async function* tarEntries(
  input: Bytes,
  context: ScanContext & { readonly location?: string },
): AsyncGenerator<TarEntry, void, undefined> {
  const found: TarEntry[] = []
  const handlers: TarHandlers = { onEntry: (entry) => found.push(entry) }
  const steps = isSource(input) ? stepsOfSource(input, handlers, context) : stepsOfChunks(input, handlers, context)
  for await (const end of steps) {
    yield* found.splice(0)
    if (end?.fault !== undefined) throw tarFaultError(end.fault, isSource(input) ? input.location : context.location)
  }
}

/** Pauses after every piece that was read, so that entries can be taken; the last step is the end. */
type Steps = AsyncGenerator<TarEnd | undefined, void, undefined>

async function finish(steps: Steps): Promise<TarEnd> {
  for await (const end of steps) if (end !== undefined) return end
  throw new TypeError('a scan without an end')
}

async function* stepsOfChunks(
  chunks: AsyncIterable<Uint8Array>,
  handlers: TarHandlers,
  { limits, signal }: ScanContext,
): Steps {
  const pusher = tarPusher(handlers, limits)
  for await (const chunk of chunks) {
    refuseAborted(signal)
    pusher.push(chunk)
    yield undefined
  }
  yield pusher.end()
}

async function* stepsOfSource(source: ByteSource, handlers: TarHandlers, { limits, signal }: ScanContext): Steps {
  const decoder = decodeTar(handlers, limits)
  const window = slidingWindow(source, signal)
  let offset = 0
  let step = decoder.next()
  while (step.done !== true) {
    const request: TarRequest = step.value
    const span = { offset, length: Math.min(request.length, source.size - offset) }
    offset += span.length
    if (request.want === 'bytes') {
      const bytes = window.held(span)
      if (bytes === undefined) yield undefined
      step = decoder.next(bytes ?? (await window.load(span)))
      continue
    }
    if (request.part === 'content' && handlers.onContent !== undefined) {
      const content = { offset: span.offset, length: Math.min(span.length, request.entry.content.length) }
      for await (const piece of pieces(source, content, signal)) handlers.onContent(request.entry, piece)
    }
    step = decoder.next(span.length)
  }
  yield step.value
}

const PIECE = 256 * 1024

async function* pieces(source: ByteSource, { offset, length }: Span, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += PIECE) {
    yield await source.read({ offset: offset + done, length: Math.min(PIECE, length - done) }, signal)
  }
}

interface Window {
  /** The bytes if they were read before. */
  held(span: Span): Uint8Array | undefined
  /** Reads the bytes and some that follow. */
  load(span: Span): Promise<Uint8Array>
}

const SMALLEST_WINDOW = 4 * 1024
// A read that need not be waited for is cheap enough to be small.
const LARGEST_WINDOW = { now: 64 * 1024, awaited: PIECE } as const
// Reads that may block, one after the other; then signals are heard.
const TURN = 32

// Small files lie close together and are worth large reads; between large contents a header is read alone.
function slidingWindow(source: ByteSource, signal: AbortSignal | undefined): Window {
  let start = 0
  let bytes: Uint8Array = EMPTY
  let size = 4 * SMALLEST_WINDOW
  const largest = source.readInto === undefined ? LARGEST_WINDOW.awaited : LARGEST_WINDOW.now
  let loads = 0
  const held = ({ offset, length }: Span) =>
    offset >= start && offset + length <= start + bytes.length
      ? bytes.subarray(offset - start, offset - start + length)
      : undefined
  const read = reader(source, signal)
  return {
    held,
    async load(span) {
      if (++loads % TURN === 0) await setImmediate()
      refuseAborted(signal)
      const near = span.offset - (start + bytes.length) <= size
      size = near ? Math.min(largest, size * 2) : Math.max(SMALLEST_WINDOW, size / 2)
      start = span.offset
      bytes = await read({ offset: start, length: Math.min(Math.max(size, span.length), source.size - start) })
      return bytes.subarray(0, span.length)
    },
  }
}

/** Reads spans into one buffer, each valid until the next, where the source can fill one. */
function reader(source: ByteSource, signal: AbortSignal | undefined): (span: Span) => Uint8Array | Promise<Uint8Array> {
  const { readInto } = source
  if (readInto === undefined) return (span) => source.read(span, signal)
  let buffer = EMPTY
  return ({ offset, length }) => {
    if (buffer.length < length) buffer = new Uint8Array(Math.max(length, LARGEST_WINDOW.now))
    const bytes = buffer.subarray(0, length)
    readInto(bytes, offset)
    return bytes
  }
}
