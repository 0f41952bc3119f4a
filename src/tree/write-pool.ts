import { runJobs } from '../bytes/worker-pool.js'
import { startThreads, workerUrl, type Threads } from '../bytes/worker-threads.js'
import type { RunContext } from '../context.js'
import type { WriteJob, WrittenAssembly } from './write-assembly.js'

/** Starts threads that put layers together: they are ready when it is known where the layers are to go. */
export function startWriting(count: number): Threads {
  return startThreads(workerUrl(import.meta.url, './write-worker.js'), count)
}

/** What those who wait are told. */
export interface WriteHandlers {
  /** Bytes that a job wrote since it last said so. */
  onBytes(index: number, bytes: number): void
  onDone(index: number, written: WrittenAssembly): void
}

/**
 * Puts layers together in their places in files, several side by side, in the given order, on threads of `startWriting`,
 * which end then. Errors: those of writeAssembly, ERR_ABORTED.
 */
export async function writeAssemblies(
  jobs: readonly WriteJob[],
  threads: Threads,
  { signal }: RunContext,
  { onBytes, onDone }: WriteHandlers,
): Promise<void> {
  const module = workerUrl(import.meta.url, './write-worker.js')
  await runJobs<WrittenAssembly>(module, jobs, {
    concurrency: threads.all.length,
    signal,
    threads,
    onProgress: onBytes,
    onDone,
  })
}
