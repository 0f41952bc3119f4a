import { open, type FileHandle } from 'node:fs/promises'
import { ArchiveError, toArchiveError } from '../errors.js'
import { twoBuffers, type ChunkMemory } from './chunk-memory.js'
import { chunksOf, type ByteSource } from './source.js'

const CHUNK = 1024 * 1024

/**
 * The bytes of a source in order, for copying: the next chunk is read while the one before is used. Each chunk is valid
 * until the next is asked for. Errors: ERR_TRUNCATED when the file is shorter, ERR_NOT_FOUND, ERR_IO.
 */
export async function* readAhead(
  source: ByteSource,
  signal?: AbortSignal,
  memory?: ChunkMemory,
): AsyncGenerator<Uint8Array> {
  const { place, size, location } = source
  if (place === undefined || (memory === undefined && size <= CHUNK)) {
    yield* chunksOf(source, signal)
    return
  }
  const handle = await open(place.file, 'r').catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  const buffers = memory ?? twoBuffers(CHUNK)
  const fill = async (offset: number): Promise<Uint8Array> => {
    const buffer = await buffers.next()
    const wanted = buffer.subarray(0, Math.min(buffer.length, size - offset))
    return wanted.subarray(0, await readFully(handle, wanted, place.offset + offset))
  }
  let next: Promise<Uint8Array> | undefined
  try {
    next = fill(0)
    for (let done = 0; done < size;) {
      signal?.throwIfAborted()
      const chunk: Uint8Array = await next
      done += chunk.length
      if (done < size && chunk.length === 0) {
        throw new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', { location, offset: done })
      }
      next = done < size ? fill(done) : Promise.resolve(chunk)
      // It is awaited later, or not at all where the consumer leaves: then its failure is nobody's.
      next.catch(() => undefined)
      yield chunk
    }
  } catch (cause) {
    throw toArchiveError(cause, { location })
  } finally {
    await next?.catch(() => undefined)
    await handle.close()
  }
}

/** Reads as much as there is, up to the whole buffer; how many bytes. */
async function readFully(handle: FileHandle, buffer: Uint8Array, offset: number): Promise<number> {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}
