import { closeSync, openSync, readSync } from 'node:fs'
import { ArchiveError, toArchiveError } from '../errors.js'
import type { ByteSource } from './source.js'

// In a worker nothing else waits: a synchronous read costs a third of an asynchronous one.
const CHUNK = 512 * 1024

/**
 * The bytes of a span of a file, read synchronously into one buffer: each chunk is valid until the next is asked for.
 * For worker threads. Errors: ERR_TRUNCATED when the file is shorter, ERR_NOT_FOUND, ERR_IO.
 */
export async function* fileChunks(
  place: NonNullable<ByteSource['place']>,
  size: number,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const file = openForReading(place.file)
  try {
    const buffer = new Uint8Array(Math.min(CHUNK, Math.max(size, 1)))
    for (let done = 0; done < size;) {
      const count = readSync(file, buffer, 0, Math.min(buffer.length, size - done), place.offset + done)
      if (count === 0) {
        const offset = place.offset + done
        throw new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', {
          location: place.file,
          offset,
        })
      }
      done += count
      onBytes(count)
      // The consumer works while we wait, and has done with the buffer when it asks again.
      yield await Promise.resolve(buffer.subarray(0, count))
    }
  } finally {
    closeSync(file)
  }
}

function openForReading(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw toArchiveError(error, { location: file })
  }
}
