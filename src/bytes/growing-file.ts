import type { FileHandle } from 'node:fs/promises'
import { blockRing, type BlockRing, type WriteBytes } from './block-ring.js'
import { LARGEST_WRITE, writeChunked, type Blocks } from './blocks.js'
import { directFile, type DirectFile } from './direct-file.js'
import { storeAhead, type Storing } from './store-ahead.js'

// The start of a file, and so all of a small one, stays in memory, where whoever reads it next finds it.
const WORTH_DIRECT = 32 * 1024 * 1024
// Not worth the memory of a ring, of which a directory of small files would have one each.
const SMALL = 1024 * 1024

/** A file that grows, and changes before its end. Throws what the system says, of earlier bytes too. */
export interface GrowingFile {
  readonly position: number
  /** The chunk is the caller's again when the promise resolves. */
  append(chunk: Uint8Array): Promise<void>
  /** Appends bytes that are put right where they are written from; throws what the blocks throw, too. */
  take(blocks: Blocks): Promise<void>
  /** Overwrites bytes before `position`. */
  patch(offset: number, bytes: Uint8Array): Promise<void>
  /** Cuts the file there, or leaves room up to there, and goes on. */
  moveTo(position: number): Promise<void>
  /** Others wrote so many bytes where room was left. */
  readonly written: (bytes: number) => void
  /** All of it is on the disk. */
  store(): Promise<void>
  /** What was not stored may be missing then. May be called again. */
  close(): Promise<void>
}

/**
 * For an empty file, open for writing. Large ones are written straight to the disk where that is possible. `told` makes
 * what is thrown of what the system says of bytes.
 */
export function growingFile(
  file: string,
  handle: FileHandle,
  told: (cause: unknown) => unknown = (cause) => cause,
): GrowingFile {
  const { write, storing, close } = bothWays(file, handle, told)
  let ring: BlockRing | undefined
  let position = 0 // as long as there is no ring
  const inBlocks = (): BlockRing => (ring ??= blockRing(write, position))
  const append = async (chunk: Uint8Array): Promise<void> => {
    if (ring !== undefined || position >= WORTH_DIRECT) return inBlocks().write(chunk)
    await write(chunk, position)
    position += chunk.length
  }
  return {
    get position() {
      return ring?.position ?? position
    },
    append,
    async take(blocks) {
      const isSmall = ring === undefined && blocks.size !== undefined && blocks.size <= SMALL
      await (isSmall ? writeChunked(blocks, append) : inBlocks().take(blocks))
    },
    async patch(offset, bytes) {
      await ring?.settle()
      await writeFully(handle, bytes, offset)
    },
    async moveTo(to) {
      await ring?.settle()
      await handle.truncate(to)
      position = to
      ring?.moveTo(to)
    },
    written: storing.written,
    async store() {
      await ring?.settle()
      await storing.store()
    },
    async close() {
      await ring?.idle()
      await close()
    },
  }
}

interface BothWays {
  readonly write: WriteBytes
  /** Of what is written through the system's cache. */
  readonly storing: Storing
  readonly close: () => Promise<void>
}

function bothWays(file: string, handle: FileHandle, told: (cause: unknown) => unknown): BothWays {
  const storing = storeAhead(handle)
  let direct: Promise<DirectFile | undefined> | undefined
  const cached: WriteBytes = async (bytes, at) => {
    await writeFully(handle, bytes, at).catch((cause: unknown) => {
      throw told(cause)
    })
    storing.written(bytes.length)
  }
  return {
    storing,
    async write(bytes, at) {
      const way = at < WORTH_DIRECT ? undefined : await (direct ??= directFile(file, cached))
      await (way === undefined ? cached(bytes, at) : way.write(bytes, at))
    },
    async close() {
      try {
        await (await direct)?.close()
      } finally {
        await storing.close()
      }
    },
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const length = Math.min(LARGEST_WRITE, bytes.length - done)
    const { bytesWritten } = await handle.write(bytes, done, length, position + done)
    done += bytesWritten
  }
}
