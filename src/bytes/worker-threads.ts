import { Worker } from 'node:worker_threads'

/** A worker thread, and what it fails with where no job is to blame: its module cannot be loaded, its memory is full. */
export interface Thread {
  readonly worker: Worker
  readonly failed: Promise<never>
}

/** Worker threads of one module that are starting or wait for jobs; disposing of them ends them. */
export interface Threads extends AsyncDisposable {
  readonly all: readonly Thread[]
}

/** Bytes from which another thread pays: it costs about 15 ms to start, and below this a single one is done by then. */
export const WORTH_A_THREAD = 16 * 1024 * 1024

/**
 * The address of a worker's module beside the module that asks. Run from TypeScript source (as tests do), it is the
 * built one: worker threads of Node 20 read no TypeScript.
 */
export function workerUrl(asking: string, name: string): URL {
  return new URL(name, asking.endsWith('.ts') ? asking.replace('/src/', '/dist/') : asking)
}

/**
 * Starts worker threads. Ahead of `runJobs` they load their module on other cores while this one finds out what their
 * jobs are. Never throws: what goes wrong with a thread fails the jobs.
 */
export function startThreads(module: URL, count: number): Threads {
  const all = Array.from({ length: count }, () => startThread(module))
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(({ worker }) => worker.terminate()))
    },
  }
}

// What a job allocates dies at once: a small nursery stays in the cache, is no slower, and saves 10 MB a thread.
const NURSERY_MB = 4

function startThread(module: URL): Thread {
  const worker = new Worker(module, { resourceLimits: { maxYoungGenerationSizeMb: NURSERY_MB } })
  const failed = new Promise<never>((_, reject) => worker.on('error', reject))
  failed.catch(() => undefined) // heard by who runs jobs on the thread, if anybody does
  return { worker, failed }
}
