import { parentPort } from 'node:worker_threads'
import { ArchiveError, firstOf } from '../errors.js'
import type { Failure, WorkerMessage } from './worker-pool.js'

/** How a job tells what it found before it is done; `owned` buffers leave this thread. */
export type PostPart = (part: unknown, owned: readonly ArrayBuffer[]) => void

/** The far side of `runJobs`: answers every job that comes in with what `run` makes of it. */
export function serveJobs(
  run: (input: unknown, onBytes: (bytes: number) => void, onPart: PostPart) => Promise<unknown>,
): void {
  const port = parentPort
  if (port === null) throw new Error('this module runs in worker threads only')
  const post = (message: WorkerMessage) => port.postMessage(message)
  port.on('message', ({ index, input }: { index: number; input: unknown }) => {
    const onPart: PostPart = (part, owned) =>
      port.postMessage({ kind: 'part', index, part } satisfies WorkerMessage, owned)
    const progress = gathered((bytes) => post({ kind: 'progress', index, bytes }))
    run(input, progress.add, onPart).then(
      (output) => {
        progress.flush()
        post({ kind: 'done', index, output })
      },
      (error: unknown) => post({ kind: 'failed', index, failure: failureOf(error) }),
    )
  })
}

// A message costs both threads more than the read that it tells of.
const PROGRESS_BYTES = 16 * 1024 * 1024

function gathered(tell: (bytes: number) => void): { add: (bytes: number) => void; flush: () => void } {
  let untold = 0
  const flush = () => {
    if (untold > 0) tell(untold)
    untold = 0
  }
  const add = (bytes: number) => {
    untold += bytes
    if (untold >= PROGRESS_BYTES) flush()
  }
  return { add, flush }
}

function failureOf(thrown: unknown): Failure {
  const error = firstOf(thrown)
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, stack } = error
  if (!(error instanceof ArchiveError)) return { message, ...(stack !== undefined && { stack }) }
  const { code, location, offset, hint } = error
  return {
    code,
    message,
    ...(location !== undefined && { location }),
    ...(offset !== undefined && { offset }),
    ...(hint !== undefined && { hint }),
  }
}
