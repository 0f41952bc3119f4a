import { closeSync, openSync, readSync } from 'node:fs'
import { ArchiveError } from '../errors.js'
import { hasher, type Digest } from './digest.js'
import { outputError } from './output.js'

/** A file that is being written, and how much of it is there; see hashBehind. */
export interface GrowingFile {
  readonly file: string
  readonly ready: BigInt64Array
}

const CHUNK = 1024 * 1024

/** Hashes a file while it grows, and waits for more without letting anything else run: for worker threads. */
export function hashWritten({ file, ready }: GrowingFile): Digest {
  const hash = hasher()
  const buffer = new Uint8Array(CHUNK)
  try {
    const handle = openSync(file, 'r')
    try {
      for (let done = 0; ;) {
        const value = Atomics.load(ready, 0)
        const there = Number(value < 0n ? -1n - value : value)
        if (done < there) {
          const count = readSync(handle, buffer, 0, Math.min(CHUNK, there - done), done)
          if (count === 0) throw new ArchiveError('ERR_TRUNCATED', 'the output was cut meanwhile', { location: file })
          hash.update(buffer.subarray(0, count))
          done += count
        } else if (value < 0n) return hash.digest()
        else Atomics.wait(ready, 0, value)
      }
    } finally {
      closeSync(handle)
    }
  } catch (cause) {
    throw outputError(cause, file)
  }
}
