import type { Limits } from '../context.js'
import { decodeTar, type TarStart } from './decode.js'
import type { TarOddity } from './differences.js'
import type { TarEnd } from './end.js'
import type { TarEntry } from './entry.js'
import { paddingOf, type Block } from './header.js'
import { plainReader, type PlainMember } from './plain-header.js'
import { tarFeeder, type TarFeeder, type TarPusher } from './scan.js'

/** Who hears of the members of a tar and their contents, in its order. */
export interface PlainHandlers {
  /** A member that is as most are; what it holds is valid until the call returns. */
  readonly onPlain: (member: PlainMember) => void
  /** Any other. */
  readonly onEntry: (entry: TarEntry) => void
  /** A piece of the content of the member that was told last, valid until the call returns. */
  readonly onContent: (chunk: Uint8Array) => void
  /** After its last byte, also where it has none; not called where the content is cut off. */
  readonly onContentEnd: () => void
  /** What not all readers read alike; of each kind as many as there are. A plain member has none. */
  readonly onOddity?: ((oddity: TarOddity) => void) | undefined
}

/** A scan that is fed, as `tarPusher`, but tells plain members without making an entry of each. */
export function plainPusher(handlers: PlainHandlers, limits: Limits): TarPusher {
  const reader = plainReader(limits)
  const state: PushState = { next: { offset: 0, entries: 0 }, odd: undefined, last: undefined, open: undefined }
  return {
    push(chunk) {
      const block = blockOf(chunk)
      for (let at = 0; at < chunk.length;) {
        if (state.open !== undefined) at = readContent(chunk, at, state, state.open, handlers)
        else if (state.odd !== undefined) at = readOdd(chunk, at, state, state.odd)
        else {
          const headers = state.next.entries >= limits.entries ? 0 : reader.read(block, at, chunk.length)
          if (headers <= 0) state.odd = nextOdd(state, handlers, limits)
          else {
            takePlain(reader.member, { at, length: headers }, state, handlers)
            at += headers
          }
        }
      }
      // The chunk is lent: whose content is still open may have to be read again at the end.
      const { open } = state
      if (open !== undefined) open.headers ??= chunk.slice(open.headersAt, open.headersAt + open.length)
    },
    end() {
      const { open, odd, next } = state
      return open === undefined
        ? (odd ?? oddMember(handlers, limits, next)).feeder.end()
        : endOf(open, handlers, limits)
    },
  }
}

interface PushState {
  /** The member that is not told yet. */
  next: TarStart
  odd: OddMember | undefined
  /** The odd member that ended where the next one begins: its decoder can read on. */
  last: OddMember | undefined
  open: OpenMember | undefined
}

/** Tells a member whose headers are in the chunk from `at` on. */
function takePlain(
  member: PlainMember,
  { at, length }: { readonly at: number; readonly length: number },
  state: PushState,
  handlers: PlainHandlers,
): void {
  const { next } = state
  const stored = member.type === 'file' ? member.size : 0
  const left = stored + paddingOf(stored)
  member.offset = next.offset
  member.headerLength = length
  handlers.onPlain(member)
  if (stored === 0) handlers.onContentEnd()
  else state.open = { start: next, headers: undefined, headersAt: at, length, stored, left }
  state.last = undefined
  state.next = { offset: next.offset + length + left, entries: next.entries + 1 }
}

/** Hands on what a chunk has of a content and its padding, from `at` on: where they end in it. */
function readContent(
  chunk: Uint8Array,
  at: number,
  state: PushState,
  open: OpenMember,
  handlers: PlainHandlers,
): number {
  const left = open.left - paddingOf(open.stored)
  const end = Math.min(at + open.left, chunk.length)
  const content = Math.min(left, end - at)
  open.left -= end - at
  if (content > 0) handlers.onContent(chunk.subarray(at, at + content))
  if (content > 0 && content === left) handlers.onContentEnd()
  if (open.left === 0) state.open = undefined
  return end
}

function readOdd(chunk: Uint8Array, at: number, state: PushState, odd: OddMember): number {
  const end = odd.feeder.feed(chunk, at, odd)
  odd.length += end - at
  if (odd.isDone) {
    state.next = { offset: state.next.offset + odd.length, entries: state.next.entries + 1 }
    state.last = odd
    state.odd = undefined
  }
  return end
}

/** A member whose content is passing. */
interface OpenMember {
  readonly start: TarStart
  /** Its header blocks, and where they begin in the chunk that has them. */
  headers: Uint8Array | undefined
  readonly headersAt: number
  readonly length: number
  readonly stored: number
  /** Bytes of content and padding that are still to come. */
  left: number
}

/** A member that the decoder reads, or the end of the tar. */
interface OddMember {
  readonly feeder: TarFeeder
  isDone: boolean
  /** Bytes that it took so far. */
  length: number
}

// Some tars are odd from end to end: to start a decoder for each member would take longer than to read it.
function nextOdd({ last, next }: PushState, handlers: PlainHandlers, limits: Limits): OddMember {
  if (last === undefined) return oddMember(handlers, limits, next)
  last.isDone = false
  last.length = 0
  return last
}

function oddMember(handlers: PlainHandlers, limits: Limits, start: TarStart): OddMember {
  const { onEntry, onContent, onContentEnd, onOddity } = handlers
  const all = {
    onEntry,
    ...(onOddity && { onOddity }),
    onContent: (_: TarEntry, chunk: Uint8Array) => onContent(chunk),
    onContentEnd() {
      odd.isDone = true
      onContentEnd()
    },
  }
  const odd: OddMember = { feeder: tarFeeder(decodeTar(all, limits, start), all), isDone: false, length: 0 }
  return odd
}

/** How a tar ends inside a member that was told already: what the decoder says of it. */
function endOf({ start, headers, stored, left }: OpenMember, { onOddity }: PlainHandlers, limits: Limits): TarEnd {
  const decoder = decodeTar({ onEntry: () => undefined, ...(onOddity && { onOddity }) }, limits, start)
  let at = 0
  let step = decoder.next()
  while (step.done !== true) {
    const { want, length, part } = step.value
    if (want === 'bytes') {
      const bytes = headers?.subarray(at, at + length) ?? new Uint8Array(0)
      at += bytes.length
      step = decoder.next(bytes)
    } else if (part === 'content') step = decoder.next(stored + paddingOf(stored) - left)
    else {
      const rest = Math.min(length, (headers?.length ?? 0) - at)
      at += rest
      step = decoder.next(rest)
    }
  }
  return step.value
}

function blockOf(bytes: Uint8Array): Block {
  const { buffer, byteOffset, length } = bytes
  return { bytes, words: byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >>> 2) : NO_WORDS }
}

const NO_WORDS = new Uint32Array(0)
