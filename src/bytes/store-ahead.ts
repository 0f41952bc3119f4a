import type { FileHandle } from 'node:fs/promises'

// So much may be in memory alone before the system is asked to store it.
const AHEAD = 64 * 1024 * 1024

/** Has the bytes of a file stored while others are written, so that little is left to wait for at the end. */
export interface Storing {
  /** So many bytes more were written. */
  readonly written: (bytes: number) => void
  /** All that was written is on the disk. Throws what the system said of bytes that it could not store, then or before. */
  store(): Promise<void>
  /** Closes the file; may be called again. Throws what closing throws. */
  close(): Promise<void>
}

/** For a file that is open for writing. */
export function storeAhead(handle: FileHandle): Storing {
  let waiting = 0
  let open = true
  let running: Promise<void> | undefined
  // The system tells it once: of what is stored after that, it says that all is well.
  const failures: unknown[] = []
  return {
    written(bytes) {
      waiting += bytes
      if (waiting < AHEAD || running !== undefined) return
      waiting = 0
      const storing = handle.datasync().catch((cause: unknown) => void failures.push(cause))
      running = storing.then(() => (running = undefined))
    },
    async store() {
      await running
      for (const cause of failures) throw cause
      await handle.sync()
    },
    async close() {
      if (!open) return
      open = false
      await running
      await handle.close()
    },
  }
}
