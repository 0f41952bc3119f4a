import type { Worker } from 'node:worker_threads'
import { ArchiveError, ERROR_CODES, type ErrorCode } from '../errors.js'
import { startThreads, type Threads } from './worker-threads.js'

export { workerUrl } from './worker-threads.js'

/** What a worker answers to a job; see `serveJobs`. */
export type WorkerMessage =
  | { readonly kind: 'done'; readonly index: number; readonly output: unknown }
  | { readonly kind: 'progress'; readonly index: number; readonly bytes: number }
  | { readonly kind: 'part'; readonly index: number; readonly part: unknown }
  | { readonly kind: 'failed'; readonly index: number; readonly failure: Failure }

/** An error on its way between threads, which lose the class of what is thrown. */
export interface Failure {
  readonly code?: string
  readonly message: string
  readonly location?: string
  readonly offset?: number
  readonly hint?: string
  readonly stack?: string
}

/** How jobs are run. */
export interface PoolOptions<Output, Part = unknown> {
  /** Most threads at once. */
  readonly concurrency: number
  readonly signal?: AbortSignal | undefined
  /** Threads of the same module that were started before; they end with the jobs. */
  readonly threads?: Threads | undefined
  /** Leaves `threads` running, for other jobs; whoever started them ends them. */
  readonly keep?: boolean
  onDone(index: number, output: Output): void
  /** Bytes a job read since it last said so. */
  onProgress?(index: number, bytes: number): void
  /** What a job found so far, in its order. What this throws fails the run. */
  onPart?(index: number, part: Part): void
}

/**
 * Runs jobs on worker threads that take them from one list in the given order, so that no thread waits while there is
 * work. Resolves when all are done; the first failure stops the others and is thrown. Errors: what the job threw,
 * ERR_ABORTED.
 */
export function runJobs<Output, Part = unknown>(
  worker: URL,
  jobs: readonly unknown[],
  options: PoolOptions<Output, Part>,
): Promise<void> {
  const { concurrency, signal } = options
  const listening = new AbortController()
  const threads = options.threads ?? startThreads(worker, Math.min(concurrency, jobs.length))
  let [next, open] = [0, jobs.length]
  const deafen: (() => void)[] = []
  const stop = async () => {
    listening.abort()
    for (const leave of deafen) leave()
    if (options.keep !== true) await threads[Symbol.asyncDispose]()
  }
  const work = new Promise<void>((resolve, reject) => {
    if (open === 0) resolve()
    if (signal?.aborted === true) reject(aborted())
    signal?.addEventListener('abort', () => reject(aborted()), { signal: listening.signal })
    const give = (thread: Worker) => {
      if (next < jobs.length) thread.postMessage({ index: next, input: jobs[next++] })
    }
    for (const { worker: thread, failed } of threads.all) {
      failed.catch(reject)
      const hear = (message: WorkerMessage) => {
        if (message.kind === 'progress') options.onProgress?.(message.index, message.bytes)
        else if (message.kind === 'part')
          attempt(() => options.onPart?.(message.index, message.part as Part), reject) // as its jobs post them
        else if (message.kind === 'failed') reject(revive(message.failure))
        else {
          options.onDone(message.index, message.output as Output) // the worker's job function gives what its caller expects
          open -= 1
          if (open === 0) resolve()
          else give(thread)
        }
      }
      thread.on('message', hear)
      deafen.push(() => thread.off('message', hear))
      give(thread)
    }
  })
  return work.finally(stop)
}

/** An event handler that threw would take the process down. */
function attempt(work: () => void, onError: (error: unknown) => void): void {
  try {
    work()
  } catch (error) {
    onError(error)
  }
}

function aborted(): ArchiveError {
  return new ArchiveError('ERR_ABORTED', 'interrupted')
}

function revive({ code, message, stack, ...place }: Failure): Error {
  if (code !== undefined && isErrorCode(code)) return new ArchiveError(code, message, place)
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}
