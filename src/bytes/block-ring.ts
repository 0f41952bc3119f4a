import type { Blocks } from './blocks.js'

// Smaller ones take more of this thread's time, larger ones more memory.
const BLOCK = 2 * 1024 * 1024
// One being filled, one being read or looked at, the others being written.
const BLOCKS = 5
// Where there is no memory for so much.
const SMALL = 64 * 1024
// With less the disk waits for the program. Node has four threads for files: one can read.
const WRITERS = 3

/** Writes bytes at a place in whatever way the system has. */
export type WriteBytes = (bytes: Uint8Array, position: number) => Promise<void>

/**
 * Memory in which the bytes of a file are put together, block by block; whole blocks are written while others are filled.
 * Other threads may see it. Throws what `write` throws, of earlier bytes too, again and again, and so for blocks that could
 * not be read or looked at.
 */
export interface BlockRing {
  /** Where in the file the next byte goes. */
  readonly position: number
  /** Takes a copy. */
  write(chunk: Uint8Array): Promise<void>
  /** Takes all of the bytes, which are put there by `fill`; resolves when `look` has done with them. */
  take(blocks: Blocks): Promise<void>
  /** Waits until all is in the file. */
  settle(): Promise<void>
  /** Goes on elsewhere; only when all is settled. */
  moveTo(position: number): void
  /** Waits until nothing is being written or looked at any more; never throws. */
  idle(): Promise<void>
}

/** A ring for a file from `position` on. */
export function blockRing(write: WriteBytes, position: number): BlockRing {
  const memory = blockMemory()
  const writing = inTurns(WRITERS)
  // In the file: what lies between them is in memory alone.
  let [start, end] = [position, position]
  const send = (): void => {
    const at = start
    const bytes = memory.part(at, end - at)
    const sent = end > at ? writing(() => write(bytes, at)) : undefined
    if (sent !== undefined) memory.hold(at, sent)
    start = end
  }
  const put: Put = (length, looking) => {
    if (looking !== undefined) memory.hold(end, looking)
    end += length
    if (end % memory.size === 0) send()
  }
  return {
    get position() {
      return end
    },
    async write(chunk) {
      for (let done = 0; done < chunk.length;) {
        const room = await memory.free(end)
        const part = chunk.subarray(done, done + room.length)
        room.set(part)
        put(part.length)
        done += part.length
      }
    },
    take: (blocks) => taken(blocks, { memory, from: end, put }),
    settle() {
      send()
      return memory.settled()
    },
    moveTo(to) {
      ;[start, end] = [to, to]
    },
    idle: memory.idle,
  }
}

/** So many bytes are there, in order; whoever looks at them does so until then. */
type Put = (length: number, looking?: Promise<void>) => void

interface Taking {
  readonly memory: BlockMemory
  readonly from: number
  readonly put: Put
}

async function taken({ fill, look }: Blocks, { memory, from, put }: Taking): Promise<void> {
  let there: Promise<unknown> = Promise.resolve()
  let seen: Promise<unknown> = there
  for (let at = from; ;) {
    const room = await memory.free(at)
    const { length, ready } = fill(room)
    there = Promise.all([there, ready]).then(() => {
      const looking = length > 0 ? look?.(room.subarray(0, length)) : undefined
      put(length, looking)
      seen = Promise.all([seen, looking])
      seen.catch(() => undefined) // awaited below, or lost with an earlier error
    })
    if (ready !== undefined) memory.hold(at, ready)
    memory.hold(at, there)
    at += length
    if (length < room.length) break
  }
  await there
  await seen
}

/** Where blocks lie, and what is going on with each. */
interface BlockMemory {
  /** Of a block, in bytes. */
  readonly size: number
  /** Where these bytes of the file lie: in one block. */
  part(at: number, length: number): Uint8Array
  /** Room for the bytes from there on, to the end of their block, when nobody needs it any more. Throws what failed. */
  free(at: number): Promise<Uint8Array>
  /** The block of that byte is not free before this is done. */
  hold(at: number, doing: Promise<unknown>): void
  /** Nothing is going on any more; throws what failed. */
  settled(): Promise<void>
  readonly idle: () => Promise<void>
}

function blockMemory(): BlockMemory {
  const bytes = newMemory()
  const size = bytes.length / BLOCKS
  const work = Array.from({ length: BLOCKS }, heldWork)
  const failures: unknown[] = []
  const workAt = (at: number): HeldWork => work[Math.floor(at / size) % BLOCKS] as HeldWork // there are BLOCKS of them
  const part = (at: number, length: number): Uint8Array => {
    return bytes.subarray(at % bytes.length, (at % bytes.length) + length)
  }
  const idle = async (): Promise<void> => {
    for (const held of work) await held.done()
  }
  return {
    size,
    part,
    async free(at) {
      if (at % size === 0) await workAt(at).done()
      for (const cause of failures) throw cause
      return part(at, size - (at % size))
    },
    hold: (at, doing) => workAt(at).add(doing.catch((cause: unknown) => void failures.push(cause))),
    async settled() {
      await idle()
      for (const cause of failures) throw cause
    },
    idle,
  }
}

interface HeldWork {
  /** Must not fail. */
  add(doing: Promise<unknown>): void
  /** All that was added, and what was added meanwhile, is done. */
  done(): Promise<void>
}

function heldWork(): HeldWork {
  const doing = new Set<Promise<unknown>>()
  return {
    add(one) {
      doing.add(one)
      void one.then(() => doing.delete(one))
    },
    async done() {
      while (doing.size > 0) await Promise.all(doing)
    },
  }
}

/** Runs so many at once of what it is given, the others after them. */
function inTurns(most: number): (run: () => Promise<void>) => Promise<void> {
  const turns: Promise<unknown>[] = Array.from({ length: most }, () => Promise.resolve())
  let next = 0
  return (run) => {
    const turn = next++ % most
    const running = (turns[turn] ?? Promise.resolve()).then(run)
    turns[turn] = running.catch(() => undefined)
    return running
  }
}

function newMemory(): Uint8Array {
  const length = BLOCKS * BLOCK
  try {
    // Of all memory that a program can have here, that which may grow begins on a page, as writes past the cache demand.
    return new Uint8Array(new SharedArrayBuffer(length, { maxByteLength: length }))
  } catch {
    return new Uint8Array(BLOCKS * SMALL)
  }
}
