import type { DiffID } from '../bytes/digest.js'
import { runJobs } from '../bytes/worker-pool.js'
import { startThreads, workerUrl, type Threads } from '../bytes/worker-threads.js'
import type { RunContext } from '../context.js'
import type { SplitAssembly } from '../tar/split-assembly.js'
import type { WriteJob, WriterJob } from './write-assembly.js'

const MODULE = workerUrl(import.meta.url, './write-worker.js')

/** Starts threads that put layers together; the caller ends them. */
export function startWriting(count: number): Threads {
  return startThreads(MODULE, count)
}

/** Bytes of the tar of each assembly. Errors: those of readSplit, and of the sidecars' compression, ERR_ABORTED. */
export async function assembledSizes(
  assemblies: readonly SplitAssembly[],
  threads: Threads,
  { limits, signal }: RunContext,
): Promise<readonly number[]> {
  const jobs = assemblies.map((assembly): WriterJob => ({ assembly, limits, want: 'size' }))
  const sizes = jobs.map(() => 0)
  await runJobs<number>(MODULE, jobs, {
    concurrency: threads.all.length,
    signal,
    threads,
    keep: true,
    onDone: (index, size) => void (sizes[index] = size),
  })
  return sizes
}

/** What those who wait are told. */
export interface WriteHandlers {
  /** Bytes that a job wrote since it last said so. */
  onBytes(index: number, bytes: number): void
  onDone(index: number, diffID: DiffID): void
}

/**
 * Puts layers together in their places in files, several side by side, in the given order. Errors: those of writeAssembly,
 * ERR_ABORTED.
 */
export async function writeAssemblies(
  jobs: readonly WriteJob[],
  threads: Threads,
  { signal }: RunContext,
  handlers: WriteHandlers,
): Promise<void> {
  await runJobs<DiffID>(MODULE, jobs, {
    concurrency: threads.all.length,
    signal,
    threads,
    keep: true,
    onProgress: (index, bytes) => handlers.onBytes(index, bytes),
    onDone: (index, diffID) => handlers.onDone(index, diffID),
  })
}
