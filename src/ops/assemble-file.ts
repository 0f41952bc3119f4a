import { open, type FileHandle } from 'node:fs/promises'
import { hasher, type Digest } from '../bytes/digest.js'
import { outputError, type Output, type Room } from '../bytes/output.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { SplitAssembly } from '../tar/split-assembly.js'
import type { SplitFault } from '../tar/split-assemble.js'
import { WORTH_WORKERS } from '../tree/measure-threads.js'
import { assembledSizes, startWriting, writeAssemblies } from '../tree/write-pool.js'

/** A tar that was put together in a file. */
export interface AssembledFile {
  readonly size: number
  readonly digest: Digest
  readonly faults: readonly SplitFault[]
}

/**
 * Puts a tar together at the end of a file: a thread reads, checks and writes, while this one takes the digest of what is
 * written already. Undefined, and nothing done, where that is not worth it or the output is no file. Errors: those of
 * readSplit, ERR_OUTPUT, ERR_ABORTED.
 */
export async function assembleFile(
  assembly: SplitAssembly,
  { seekable }: Output,
  context: RunContext,
): Promise<AssembledFile | undefined> {
  const { limits, concurrency } = context
  if (seekable === undefined || concurrency < 2 || assembly.files.kind !== 'directory') return undefined
  await using threads = startWriting(1)
  const [size = 0] = await assembledSizes([assembly], threads, context)
  if (size < WORTH_WORKERS) return undefined
  const room = await seekable.reserve(size)
  const behind = hashBehind(room, size)
  behind.digest.catch(() => undefined) // awaited below, or lost with a worse error
  let faults: readonly SplitFault[] = []
  const job = { assembly, limits, place: { file: room.file, offset: room.offset, size }, want: 'faults' } as const
  let done = 0
  try {
    await writeAssemblies([job], threads, context, {
      onBytes(_, bytes) {
        done += bytes
        room.written(bytes)
        behind.written(bytes)
        context.onProgress?.({ task: 'assemble', subject: assembly.location, done, total: size })
      },
      onDone: (_, written) => void (faults = written.faults),
    })
    behind.end()
    return { size, digest: await behind.digest, faults }
  } finally {
    behind.end()
    await behind.digest.catch(() => undefined)
  }
}

const CHUNK = 1024 * 1024

interface Behind {
  readonly digest: Promise<Digest>
  /** So many bytes more can be read. */
  written(bytes: number): void
  /** No more will come. */
  end(): void
}

/** The digest of bytes that somebody writes in order, taken while they come. */
function hashBehind({ file, offset }: Room, size: number): Behind {
  let [ready, isOver] = [0, false]
  let wake: (() => void) | undefined
  const hash = hasher()
  const buffer = new Uint8Array(CHUNK)
  const follow = async (handle: FileHandle): Promise<void> => {
    for (let done = 0; done < size;) {
      if (done === ready) {
        if (isOver) throw new ArchiveError('ERR_TRUNCATED', 'not all of the tar was written', { location: file })
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK, ready - done), offset + done)
      if (bytesRead === 0) throw new ArchiveError('ERR_TRUNCATED', 'the output was cut meanwhile', { location: file })
      hash.update(buffer.subarray(0, bytesRead))
      done += bytesRead
    }
  }
  const whole = async (): Promise<Digest> => {
    try {
      await using handle = await open(file, 'r')
      await follow(handle)
    } catch (cause) {
      throw outputError(cause, file)
    }
    return hash.digest()
  }
  return {
    digest: whole(),
    written(bytes) {
      ready += bytes
      wake?.()
    },
    end() {
      isOver = true
      wake?.()
    },
  }
}
