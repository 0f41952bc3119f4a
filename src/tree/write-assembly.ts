import { closeSync, openSync, writeSync } from 'node:fs'
import { diffIDOf, hasher, type DiffID } from '../bytes/digest.js'
import { outputError } from '../bytes/output.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { SplitFault } from '../tar/split-assemble.js'
import { assembledTar, exactTar, type SplitAssembly } from '../tar/split-assembly.js'

/** What a writing worker is told: to put a layer together, or only to say how many bytes its tar has. */
export type WriterJob = WriteJob | { readonly assembly: SplitAssembly; readonly limits: Limits; readonly want: 'size' }

/** A layer to put together in a file; plain data, for a worker. */
export interface WriteJob {
  readonly assembly: SplitAssembly
  readonly limits: Limits
  /** Room in a file that exists; the tar has that size (splitSize). */
  readonly place: { readonly file: string; readonly offset: number; readonly size: number }
  /**
   * `exact`: the diffID is to prove the layer, and a file that is not as it was ends the work. `faults`: every file is
   * held against its checksum, no diffID is computed.
   */
  readonly want: 'exact' | 'faults'
}

/** What came of it. */
export interface WrittenAssembly {
  readonly diffID?: DiffID
  readonly faults: readonly SplitFault[]
}

/**
 * Puts a layer together in its place in a file, synchronously. Errors: ERR_DIGEST for the first file that differs where it
 * has to be exact, ERR_OUTPUT, ERR_TRUNCATED where the sidecar changed meanwhile, those of readSplit.
 */
export async function writeAssembly(
  { assembly, limits, place, want }: WriteJob,
  onBytes: (bytes: number) => void,
): Promise<WrittenAssembly> {
  const faults: SplitFault[] = []
  const onFault = (fault: SplitFault) => void faults.push(fault)
  const isExact = want === 'exact'
  const hash = isExact ? hasher() : undefined
  const tar = isExact
    ? exactTar(assembly, { limits, checkContents: false })
    : assembledTar(assembly, { limits, onFault, checkContents: true })
  const write = writerInto(place)
  try {
    for await (const chunk of tar) {
      hash?.update(chunk)
      write.next(chunk)
      onBytes(chunk.length)
    }
    write.end(assembly.location)
  } finally {
    write.close()
  }
  return { faults, ...(hash && { diffID: diffIDOf(hash.digest()) }) }
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
