import { hashWritten } from './hash-written.js'
import type { Digest } from './digest.js'
import { runJobs, workerUrl } from './worker-pool.js'

/** Takes the digest of a file that is being written from its start, without keeping its writer waiting. */
export interface BehindHasher extends Disposable {
  /** So many bytes more can be read. */
  written(bytes: number): void
  /** The digest of all that was written. Errors: ERR_OUTPUT, ERR_TRUNCATED where the file has fewer bytes than was told. */
  digest(): Promise<Digest>
}

/**
 * Hashes a file on a thread of its own, which starts when `worth` bytes are written; fewer are hashed in the end. Disposing
 * of it stops the thread.
 */
export function hashBehind(file: string, worth: number): BehindHasher {
  // A worker waits for it to change. Below zero no more will come: -1 stands for 0 bytes, -2 for 1.
  const ready = new BigInt64Array(new SharedArrayBuffer(8))
  const stop = new AbortController()
  let total = 0
  let running: Promise<Digest> | undefined
  const tell = (value: bigint) => {
    Atomics.store(ready, 0, value)
    Atomics.notify(ready, 0)
  }
  return {
    written(bytes) {
      total += bytes
      tell(BigInt(total))
      if (running !== undefined || total < worth) return
      running = hashOnThread({ file, ready }, stop.signal)
      running.catch(() => undefined) // awaited below, or lost with a worse error
    },
    async digest() {
      tell(-1n - BigInt(total))
      return (await running) ?? hashWritten({ file, ready })
    },
    [Symbol.dispose]: () => stop.abort(),
  }
}

async function hashOnThread(job: Parameters<typeof hashWritten>[0], signal: AbortSignal): Promise<Digest> {
  let digest: Digest | undefined
  await runJobs<Digest>(workerUrl(import.meta.url, './hash-behind-worker.js'), [job], {
    concurrency: 1,
    signal,
    onDone: (_, output) => void (digest = output),
  })
  return digest ?? hashWritten(job)
}
