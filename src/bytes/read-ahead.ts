import { open } from 'node:fs/promises'
import { ArchiveError, refuseAborted, toArchiveError } from '../errors.js'
import { chunksOf, isSource, type Bytes, type ByteSource } from './source.js'

const CHUNK = 1024 * 1024

/**
 * The bytes of a source in order, for copying: the next chunk is read while the one before is used. Each chunk is valid
 * until the next is asked for. Errors: ERR_TRUNCATED when the file is shorter, ERR_NOT_FOUND, ERR_IO.
 */
export async function* readAhead(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { place, size, location } = source
  if (place === undefined || size <= CHUNK) {
    yield* chunksOf(source, signal)
    return
  }
  const handle = await open(place.file, 'r').catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  // Two buffers: one is with the consumer while the other is filled.
  const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const
  const fill = (turn: number, offset: number): Promise<Uint8Array> => {
    const buffer = buffers[turn % 2 === 0 ? 0 : 1]
    const reading = handle.read(buffer, 0, Math.min(CHUNK, size - offset), place.offset + offset)
    const filled = reading.then(({ bytesRead }) => buffer.subarray(0, bytesRead))
    // It is awaited later, or not at all where the consumer leaves: then its failure is nobody's.
    filled.catch(() => undefined)
    return filled
  }
  let next: Promise<Uint8Array> | undefined
  try {
    next = fill(0, 0)
    for (let turn = 0, done = 0; done < size; turn++) {
      refuseAborted(signal)
      const chunk: Uint8Array = await next
      if (chunk.length === 0) {
        throw new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', { location, offset: done })
      }
      done += chunk.length
      next = done < size ? fill(turn + 1, done) : Promise.resolve(chunk)
      yield chunk
    }
  } catch (cause) {
    throw toArchiveError(cause, { location })
  } finally {
    await next?.catch(() => undefined)
    await handle.close()
  }
}

/** Bytes of either kind in chunks, each valid until the next is asked for. Errors: those of readAhead, or of the chunks. */
export function inChunks(bytes: Bytes, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  return isSource(bytes) ? readAhead(bytes, signal) : bytes
}
