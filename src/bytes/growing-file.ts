import type { FileHandle } from 'node:fs/promises'
import { directBlocks, type DirectBlocks, type WriteBytes } from './direct-blocks.js'
import { storeAhead } from './store-ahead.js'

// The start of a file, and so all of a small one, stays in memory, where whoever reads it next finds it.
const WORTH_DIRECT = 32 * 1024 * 1024

/** A file that grows, and changes before its end. Throws what the system says, of earlier bytes too. */
export interface GrowingFile {
  readonly position: number
  /** The chunk is the caller's again when the promise resolves. */
  append(chunk: Uint8Array): Promise<void>
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

/** For an empty file, open for writing. Large ones are written straight to the disk where that is possible. */
export function growingFile(file: string, handle: FileHandle): GrowingFile {
  const storing = storeAhead(handle)
  let position = 0
  let direct: Promise<DirectBlocks | undefined> | undefined
  const cached: WriteBytes = async (bytes, at) => {
    await writeFully(handle, bytes, at)
    storing.written(bytes.length)
  }
  const blocks = async (): Promise<DirectBlocks | undefined> => {
    if (position < WORTH_DIRECT) return undefined
    return (direct ??= directBlocks(file, cached))
  }
  const settle = async (): Promise<void> => (await direct)?.settle()
  return {
    get position() {
      return position
    },
    async append(chunk) {
      const way = await blocks()
      await (way === undefined ? cached(chunk, position) : way.write(chunk, position))
      position += chunk.length
    },
    async patch(offset, bytes) {
      await settle()
      await writeFully(handle, bytes, offset)
    },
    async moveTo(to) {
      await settle()
      await handle.truncate(to)
      position = to
    },
    written: storing.written,
    async store() {
      await settle()
      await storing.store()
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
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
