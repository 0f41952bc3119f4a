import { closeSync, openSync, writeSync } from 'node:fs'
import { diffIDOf, hasher, type DiffID } from '../bytes/digest.js'
import { outputError } from '../bytes/file-place.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { exactTar, type SplitAssembly } from '../tar/split-assembly.js'

/** What a writing worker is told: to put a layer together, or only to say how many bytes its tar has. */
export type WriterJob = WriteJob | { readonly assembly: SplitAssembly; readonly limits: Limits; readonly want: 'size' }

/** A layer to put together in a file; plain data, for a worker. */
export interface WriteJob {
  readonly assembly: SplitAssembly
  readonly limits: Limits
  /** Room in a file that exists; the tar has that size (splitSize). */
  readonly place: { readonly file: string; readonly offset: number; readonly size: number }
  readonly want: 'tar'
}

/**
 * Puts a layer together in its place in a file, synchronously, and gives the diffID that is to prove it. Errors: ERR_DIGEST
 * for the first file that differs, ERR_OUTPUT, ERR_TRUNCATED where the sidecar changed meanwhile, those of readSplit.
 */
export async function writeAssembly(
  { assembly, limits, place }: WriteJob,
  onBytes: (bytes: number) => void,
): Promise<DiffID> {
  const hash = hasher()
  const write = writerInto(place)
  try {
    for await (const chunk of exactTar(assembly, { limits, checkContents: false })) {
      hash.update(chunk)
      write.next(chunk)
      onBytes(chunk.length)
    }
    write.end(assembly.location)
  } finally {
    write.close()
  }
  return diffIDOf(hash.digest())
}

interface PlaceWriter {
  next(chunk: Uint8Array): void
  end(location: string): void
  close(): void
}

function writerInto({ file, offset, size }: WriteJob['place']): PlaceWriter {
  const told = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw outputError(cause, file)
    }
  }
  const handle = told(() => openSync(file, 'r+'))
  let done = 0
  return {
    next(chunk) {
      const fits = chunk.subarray(0, size - done)
      for (let at = 0; at < fits.length;) {
        const [from, to] = [at, offset + done + at]
        at += told(() => writeSync(handle, fits, from, fits.length - from, to))
      }
      done += chunk.length
    },
    end(location) {
      if (done !== size) throw new ArchiveError('ERR_TRUNCATED', 'the sidecar changed while it was read', { location })
    },
    close: () => closeSync(handle),
  }
}
