import { refuseAborted, toArchiveError } from '../errors.js'
import { chunked, type Blocks } from './blocks.js'
import { plannedReads, type Placed, type Read } from './gather-reads.js'
import type { ByteSource } from './source.js'

/** Bytes to come: at hand, zeros, or a range of a source. */
export type Piece =
  /** The bytes may be others when the next piece is asked for. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'zeros'; readonly length: number }
  | { readonly kind: 'range'; readonly source: ByteSource; readonly offset: number; readonly length: number }

// For ranges that lie otherwise in their source than in the output.
const SCRATCH = 1024 * 1024
const NONE = new Uint8Array(0)

/**
 * The bytes of `pieces`, one after the other. Ranges that lie close together in a source are read at once. Errors:
 * ERR_TRUNCATED for a range beyond its source, ERR_IO, ERR_ABORTED, and what `pieces` throws.
 */
export function gathered(pieces: Iterable<Piece>, signal?: AbortSignal): Blocks {
  const cursor = pieceCursor(pieces)
  const spare: Uint8Array[] = []
  const free: KeptBytes[] = []
  return {
    fill(block) {
      refuseAborted(signal)
      const kept = free.pop() ?? keptBytes()
      const { used, ranges, patches } = nextPieces(cursor, block.length, kept)
      const { reads, scratch } = plannedReads(ranges, SCRATCH)
      const slot = { bytes: block, scratch: scratch === 0 ? NONE : (spare.pop() ?? new Uint8Array(SCRATCH)) }
      const end = (): void => {
        if (slot.scratch.length > 0) spare.push(slot.scratch)
        patch(block, patches)
        kept.clear()
        free.push(kept)
      }
      const reading = startReads(reads, slot, signal)
      if (reading.length > 0) return { length: used, ready: allOf(reading).then(end) }
      end()
      return { length: used }
    },
  }
}

// After the reads: what lies between two ranges of one read was filled with whatever the source has there.
function patch(block: Uint8Array, patches: NextPieces['patches']): void {
  for (const [at, bytes] of patches) {
    if (typeof bytes === 'number') block.fill(0, at, at + bytes)
    else block.set(bytes, at)
  }
}

/** `gathered` in chunks that are valid until the next is asked for; while one is used the next is read. Errors: the same. */
export function gather(pieces: Iterable<Piece>, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  return chunked(gathered(pieces, signal))
}

/** Memory for the bytes of pieces until a block is ready, and then for those of the next. */
interface KeptBytes {
  /** A copy that is valid until all is cleared. */
  keep(bytes: Uint8Array): Uint8Array
  clear(): void
}

const KEPT = 64 * 1024

function keptBytes(): KeptBytes {
  const parts: Uint8Array[] = []
  let [part, used] = [-1, KEPT]
  return {
    keep(bytes) {
      if (bytes.length > KEPT) return bytes.slice()
      if (used + bytes.length > KEPT) [part, used] = [part + 1, 0]
      const memory = (parts[part] ??= new Uint8Array(KEPT))
      const copy = memory.subarray(used, used + bytes.length)
      copy.set(bytes)
      used += bytes.length
      return copy
    },
    clear: () => ([part, used] = [-1, KEPT]),
  }
}

/** Where bytes are put together. */
interface Slot {
  readonly bytes: Uint8Array
  readonly scratch: Uint8Array
}

interface Cursor {
  /** The next piece, or as much of it as fits into `most` bytes. */
  take(most: number): Piece | undefined
}

function pieceCursor(pieces: Iterable<Piece>): Cursor {
  const source = pieces[Symbol.iterator]()
  let rest: Piece | undefined
  return {
    take(most) {
      const step = rest === undefined ? source.next() : undefined
      const piece = step === undefined ? rest : step.done === true ? undefined : step.value
      if (piece === undefined) return undefined
      const { head, tail } = cut(piece, most)
      rest = tail
      return head
    },
  }
}

function lengthOf(piece: Piece): number {
  return piece.kind === 'bytes' ? piece.bytes.length : piece.length
}

function cut(piece: Piece, at: number): { head: Piece; tail: Piece | undefined } {
  if (lengthOf(piece) <= at) return { head: piece, tail: undefined }
  switch (piece.kind) {
    case 'bytes':
      return {
        head: { ...piece, bytes: piece.bytes.subarray(0, at) },
        tail: { ...piece, bytes: piece.bytes.subarray(at) },
      }
    case 'zeros':
      return { head: { ...piece, length: at }, tail: { ...piece, length: piece.length - at } }
    case 'range':
      return {
        head: { kind: 'range', source: piece.source, offset: piece.offset, length: at },
        tail: { kind: 'range', source: piece.source, offset: piece.offset + at, length: piece.length - at },
      }
  }
}

interface NextPieces {
  readonly used: number
  readonly ranges: readonly Placed[]
  /** Bytes, or so many zeros. */
  readonly patches: readonly (readonly [at: number, bytes: Uint8Array | number])[]
}

/** As many pieces as fit into `most` bytes, and where in these they go; the bytes among them are kept. */
function nextPieces(cursor: Cursor, most: number, kept: KeptBytes): NextPieces {
  const ranges: Placed[] = []
  const patches: (readonly [at: number, bytes: Uint8Array | number])[] = []
  let used = 0
  while (used < most) {
    const piece = cursor.take(most - used)
    if (piece === undefined) break
    if (piece.kind === 'range') {
      ranges.push({ source: piece.source, offset: piece.offset, length: piece.length, at: used })
    } else patches.push([used, piece.kind === 'bytes' ? kept.keep(piece.bytes) : piece.length])
    used += lengthOf(piece)
  }
  return { used, ranges, patches }
}

/** Reads what can be read at once, as other threads write what came before, and asks for the rest; up to the first that fails. */
function startReads(reads: readonly Read[], slot: Slot, signal?: AbortSignal): readonly Promise<void>[] {
  const waiting: Promise<void>[] = []
  for (const read of reads) {
    const { source, offset, length } = read
    const into = bufferOf(read, slot)
    if (source.readInto === undefined) {
      waiting.push(source.read({ offset, length }, signal, into).then(() => scatter(read, into, slot)))
      continue
    }
    try {
      source.readInto(into, offset)
    } catch (cause) {
      waiting.push(Promise.reject(toArchiveError(cause)))
      break
    }
    scatter(read, into, slot)
  }
  return waiting
}

/** Does not settle before the last of them: block and sources may be somebody else's then. */
async function allOf(reading: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(reading)
  await Promise.all(reading)
}

/** Where a read goes: into the output itself, or beside it first. */
function bufferOf({ length, target }: Read, { bytes, scratch }: Slot): Uint8Array {
  if (target.kind === 'direct') return bytes.subarray(target.at, target.at + length)
  return scratch.subarray(target.scratchAt, target.scratchAt + length)
}

function scatter({ offset, target }: Read, bytes: Uint8Array, slot: Slot): void {
  if (target.kind === 'direct') return
  for (const part of target.parts) {
    const from = part.offset - offset
    slot.bytes.set(bytes.subarray(from, from + part.length), part.at)
  }
}
