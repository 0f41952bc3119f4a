import { stat } from 'node:fs/promises'
import { startThreads, workerUrl, WORTH_A_THREAD, type Threads } from '../bytes/worker-threads.js'
import type { RunContext } from '../context.js'

/** The module of the threads that measure. */
export const MEASURE_WORKER = workerUrl(import.meta.url, './measure-worker.js')

/**
 * Starts the threads that will measure the archive at `path`, where that is a file large enough to need them: they are
 * ready when it has been opened. None for anything else. The caller disposes of them.
 */
export async function startMeasuring(path: string, { concurrency }: RunContext): Promise<Threads | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isFile() !== true || status.size <= WORTH_A_THREAD) return undefined
  return startThreads(MEASURE_WORKER, concurrency)
}
