import { setImmediate } from 'node:timers/promises'
import { plannedReads, type Placed, type Read } from './gather-reads.js'
import type { ByteSource } from './source.js'

/** Bytes to come: at hand, zeros, or a range of a source. */
export type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'zeros'; readonly length: number }
  | { readonly kind: 'range'; readonly source: ByteSource; readonly offset: number; readonly length: number }

const SLOT = 1024 * 1024
// One with the consumer, one being read, one being planned.
const SLOTS = 3
// Smaller reads take less time than asking another thread for them.
const WORTH_WAITING = 128 * 1024

/** A buffer on its way to the consumer, used again and again. */
interface Slot {
  bytes: Uint8Array
  /** For ranges that lie otherwise in their source than in the output. */
  scratch: Uint8Array
}

const NONE = new Uint8Array(0)
const newSlot = (): Slot => ({ bytes: NONE, scratch: NONE })

/**
 * The bytes of `pieces`, one after the other, in chunks that are valid until the next is asked for. Ranges that lie close
 * together in a source are read at once; while a chunk is used the next is read, and the one after it planned. Errors:
 * ERR_TRUNCATED for a range beyond its source, ERR_IO, ERR_ABORTED, and what `pieces` throws.
 */
export async function* gather(pieces: Iterable<Piece>, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const cursor = pieceCursor(pieces)
  const slots = Array.from({ length: SLOTS }, newSlot)
  const coming = slots.slice(1).map((slot) => filled(slot, cursor, signal))
  // Each is awaited in its turn, or nobody's where the consumer leaves.
  for (const next of coming) next.catch(() => undefined)
  try {
    for (;;) {
      const chunk = await coming.shift()
      const slot = slots.shift()
      if (chunk === undefined || slot === undefined || chunk.length === 0) return
      slots.push(slot)
      // Planning is work for this thread: the consumer gets the chunk first, and may be writing it meanwhile.
      const next = setImmediate().then(() => filled(slot, cursor, signal))
      next.catch(() => undefined)
      coming.push(next)
      yield chunk
    }
  } finally {
    await Promise.allSettled(coming)
  }
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

/** Fills a slot as far as there are pieces; the filled part. */
async function filled(slot: Slot, cursor: Cursor, signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted()
  const ranges: Placed[] = []
  const patches: (readonly [at: number, bytes: Uint8Array | number])[] = []
  let used = 0
  while (used < SLOT) {
    const piece = cursor.take(SLOT - used)
    if (piece === undefined) break
    if (piece.kind === 'range') {
      ranges.push({ source: piece.source, offset: piece.offset, length: piece.length, at: used })
    } else patches.push([used, piece.kind === 'bytes' ? piece.bytes : piece.length])
    used += lengthOf(piece)
  }
  const { reads, scratch } = plannedReads(ranges, SLOT)
  if (slot.bytes.length < used) slot.bytes = new Uint8Array(used)
  if (slot.scratch.length < scratch) slot.scratch = new Uint8Array(SLOT)
  await readAll(reads, slot, signal)
  // After the reads: what lies between two ranges of one read was filled with whatever the source has there.
  for (const [at, bytes] of patches) {
    if (typeof bytes === 'number') slot.bytes.fill(0, at, at + bytes)
    else slot.bytes.set(bytes, at)
  }
  return slot.bytes.subarray(0, used)
}

/** Does not settle before the last of them: the slot and the sources may be somebody else's then. */
async function readAll(reads: readonly Read[], slot: Slot, signal?: AbortSignal): Promise<void> {
  const waiting: Promise<void>[] = []
  try {
    for (const read of reads) {
      const { source, offset, length } = read
      const into = bufferOf(read, slot)
      if (source.readInto === undefined || length >= WORTH_WAITING) {
        waiting.push(source.read({ offset, length }, signal, into).then(() => scatter(read, into, slot)))
      } else {
        source.readInto(into, offset)
        scatter(read, into, slot)
      }
    }
  } finally {
    await Promise.allSettled(waiting)
  }
  await Promise.all(waiting)
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
