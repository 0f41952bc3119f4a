import { setImmediate } from 'node:timers/promises'
import { refuseAborted } from '../errors.js'
import type { ByteSource } from '../bytes/source.js'
import { decodeTar, type TarHandlers, type TarStart } from './decode.js'
import type { TarEnd } from './end.js'
import { paddingOf, type Block } from './header.js'
import { plainReader, type PlainMember, type PlainReader } from './plain-header.js'
import { scanSource, type ScanContext } from './scan.js'

/** Who hears of the members of a tar, in its order; contents are not read. */
export interface HeaderHandlers extends Pick<TarHandlers, 'onEntry'> {
  /** A member that is as most are; `onEntry` hears of the others. The object and what it holds are valid until the call returns. */
  readonly onPlain: (member: PlainMember) => void
}

/**
 * Scans the headers of a tar that can be read anywhere, as `scanSource` does, but tells plain members without making an
 * entry of each: a fifth of the price. Whatever is not plain, the end and damage among it, is read by the decoder.
 */
export async function scanHeaders(source: ByteSource, handlers: HeaderHandlers, context: ScanContext): Promise<TarEnd> {
  const window = blockWindow(source)
  if (window === undefined) return scanSource(source, handlers, context)
  const pause = pauses(window, context)
  const reader = plainReader(context.limits)
  let start: TarStart = { offset: 0, entries: 0 }
  for (;;) {
    start = scanPlain({ window, reader, size: source.size, most: context.limits.entries }, handlers, start)
    if (await pause()) continue
    const next = await decodeOne({ window, size: source.size, pause }, handlers, context, start)
    if ('size' in next) return next
    start = next
  }
}

interface PlainScan {
  readonly window: BlockWindow
  readonly reader: PlainReader
  readonly size: number
  readonly most: number
}

/** Tells plain members up to one that is not, or to where others should have their turn. */
function scanPlain({ window, reader, size, most }: PlainScan, { onPlain }: HeaderHandlers, start: TarStart): TarStart {
  const { member } = reader
  let { offset, entries } = start
  while (!window.isTired()) {
    let headers = reader.read(window.block, offset - window.start, window.length)
    if (headers < 0) {
      if (offset - headers > size) break
      window.load(offset, -headers)
      headers = reader.read(window.block, 0, window.length)
    }
    if (headers <= 0 || entries >= most) break
    const stored = member.type === 'file' ? member.size : 0
    const next = offset + headers + stored + paddingOf(stored)
    if (next > size) break
    member.offset = offset
    member.headerLength = headers
    onPlain(member)
    offset = next
    entries += 1
  }
  return { offset, entries }
}

/** Lets others have their turn where much was read since, and hears of an interruption: whether it did. */
function pauses(window: BlockWindow, { signal }: ScanContext): () => Promise<boolean> {
  return async () => {
    if (!window.isTired()) return false
    window.rest()
    await setImmediate()
    refuseAborted(signal)
    return true
  }
}

interface OneScan {
  readonly window: BlockWindow
  readonly size: number
  readonly pause: () => Promise<boolean>
}

/** Has the decoder read one member: where the next begins, or how the tar ended. */
async function decodeOne(
  { window, size, pause }: OneScan,
  { onEntry }: HeaderHandlers,
  { limits }: ScanContext,
  start: TarStart,
): Promise<TarStart | TarEnd> {
  const told = { isWhole: false }
  const decoder = decodeTar({ onEntry, onContentEnd: () => void (told.isWhole = true) }, limits, start)
  let { offset } = start
  for (let step = decoder.next(); ;) {
    if (step.done === true) return step.value
    if (told.isWhole) return { offset, entries: start.entries + 1 }
    const { want, length } = step.value
    const count = Math.min(length, size - offset)
    if (want === 'skip') step = decoder.next(count)
    else {
      await pause()
      step = decoder.next(window.bytes(offset, count))
    }
    offset += count
  }
}

/** The part of a source that is in memory; it begins at a block. */
interface BlockWindow {
  readonly block: Block
  /** Where it begins in the source, and how many bytes it has. */
  start: number
  length: number
  /** Reads at least that many bytes, which must be there. */
  load(offset: number, length: number): void
  /** Bytes of the source, read if need be; a view that is valid until the next reading. */
  bytes(offset: number, length: number): Uint8Array
  /** Whether so much was read that others should have their turn. */
  isTired(): boolean
  rest(): void
}

const SMALLEST = 4 * 1024
// A read that need not be waited for is cheap enough to be small.
const LARGEST = 64 * 1024
const TURN = 32

// Small files lie close together and are worth large reads; between large contents a header is read alone.
function blockWindow({ readInto, size }: ByteSource): BlockWindow | undefined {
  if (readInto === undefined) return undefined
  const buffer = new ArrayBuffer(LARGEST)
  const bytes = new Uint8Array(buffer)
  let ahead = 4 * SMALLEST
  let loads = 0
  const window: BlockWindow = {
    block: { bytes, words: new Uint32Array(buffer) },
    start: 0,
    length: 0,
    load(offset, length) {
      loads += 1
      const isNear = offset - (window.start + window.length) <= ahead
      ahead = isNear ? Math.min(LARGEST, ahead * 2) : Math.max(SMALLEST, ahead / 2)
      const count = Math.min(Math.max(ahead, length), size - offset)
      window.length = 0
      readInto(bytes.subarray(0, count), offset)
      window.start = offset
      window.length = count
    },
    bytes(offset, length) {
      if (length > LARGEST) {
        const all = new Uint8Array(length)
        readInto(all, offset)
        return all
      }
      const isThere = offset >= window.start && offset + length <= window.start + window.length
      if (!isThere) window.load(offset, length)
      return bytes.subarray(offset - window.start, offset - window.start + length)
    },
    isTired: () => loads >= TURN,
    rest: () => (loads = 0),
  }
  return window
}
