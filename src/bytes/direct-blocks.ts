import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

// Positions in the file must be multiples of it, as pages of memory and blocks of nearly all disks are.
const BLOCK = 4096

// With less at once, or one write after the other, the disk waits for the program.
const BUFFER = 1024 * 1024
const BUFFERS = 4

/** Writes straight to the disk, several blocks at once. Throws what the system says, of earlier bytes too. */
export interface DirectBlocks {
  /** Takes a copy of bytes that follow those taken before, or come anywhere when all of these are settled. */
  write(chunk: Uint8Array, position: number): Promise<void>
  /** Waits until all is in the file. */
  settle(): Promise<void>
  /** Stops, with whatever is in the file by then. */
  close(): Promise<void>
}

/** Writes bytes at a place in whatever way the system has. */
export type WriteBytes = (bytes: Uint8Array, position: number) => Promise<void>

/**
 * Around the system's cache of pages (O_DIRECT of open(2)), for a file that is there. What is no whole block, and what
 * the file system refuses to take so, is written by `anyway`. Undefined where the file system, or the system, has no such
 * thing.
 */
export async function directBlocks(file: string, anyway: WriteBytes): Promise<DirectBlocks | undefined> {
  const slots = 'O_DIRECT' in constants ? newSlots() : undefined
  if (slots === undefined) return undefined
  const handle = await open(file, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined)
  if (handle === undefined) return undefined
  let refused = false
  const write: WriteBytes = async (bytes, position) => {
    const whole = refused ? 0 : bytes.length - (bytes.length % BLOCK)
    const writing = whole === 0 ? undefined : handle.write(bytes, 0, whole, position)
    // What is wrong with the disk shows in the other way too, and is told there.
    const done = (await writing?.then(({ bytesWritten }) => bytesWritten).catch(() => 0)) ?? 0
    refused ||= done < whole
    if (done < bytes.length) await anyway(bytes.subarray(done), position + done)
  }
  const ring = bufferRing(slots, write)
  let begun = false
  return {
    async write(chunk, position) {
      const head = begun ? 0 : Math.min((BLOCK - (position % BLOCK)) % BLOCK, chunk.length)
      if (head > 0) await anyway(chunk.subarray(0, head), position)
      if (head === chunk.length) return
      begun = true
      await ring.write(chunk.subarray(head), position + head)
    },
    settle() {
      begun = false
      return ring.settle()
    },
    async close() {
      await ring.idle()
      await handle.close()
    },
  }
}

interface Slot {
  readonly bytes: Uint8Array
  writing: Promise<void> | undefined
}

interface BufferRing {
  write(chunk: Uint8Array, position: number): Promise<void>
  settle(): Promise<void>
  /** Nothing is being written any more; never throws. */
  idle(): Promise<void>
}

function bufferRing(slots: readonly Slot[], write: WriteBytes): BufferRing {
  const failures: unknown[] = []
  let [turn, start, used] = [0, 0, 0]
  const send = (slot: Slot): void => {
    slot.writing = write(slot.bytes.subarray(0, used), start).catch((cause: unknown) => void failures.push(cause))
    start += used
    used = 0
    turn += 1
  }
  const current = async (): Promise<Slot> => {
    const slot = slots[turn % BUFFERS] as Slot // there are BUFFERS of them
    await slot.writing
    for (const cause of failures) throw cause
    return slot
  }
  const idle = async (): Promise<void> => {
    for (const { writing } of slots) await writing
  }
  return {
    idle,
    async write(chunk, position) {
      if (used === 0) start = position
      for (let done = 0; done < chunk.length;) {
        const slot = await current()
        const part = chunk.subarray(done, done + BUFFER - used)
        slot.bytes.set(part, used)
        used += part.length
        done += part.length
        if (used === BUFFER) send(slot)
      }
    },
    async settle() {
      if (used > 0) send(await current())
      await idle()
      for (const cause of failures) throw cause
    },
  }
}

/** Undefined where there is no memory for them: it can be done without. */
function newSlots(): readonly Slot[] | undefined {
  try {
    return Array.from({ length: BUFFERS }, newSlot)
  } catch {
    return undefined
  }
}

// Of all memory that a program can have here, that of buffers that may grow begins on a page, as these writes demand.
const newSlot = (): Slot => ({
  bytes: new Uint8Array(new ArrayBuffer(BUFFER, { maxByteLength: BUFFER })),
  writing: undefined,
})
