import { byteRing, ringGiver, type ByteRing } from './byte-ring.js'
import { hasher, type AnyHasher, type Digest } from './digest.js'
import { hashRing } from './hash-ring.js'
import { runJobs, workerUrl } from './worker-pool.js'

// Room for what comes while the other thread is starting, or not scheduled.
const RING = 4 * 1024 * 1024

// Less is hashed before a thread has started.
const WORTH_A_THREAD = 16 * 1024 * 1024

/** A running sha256; disposing of it ends the thread that takes it. Errors: ERR_ABORTED after that. */
export interface HasherBeside extends AnyHasher, Disposable {}

/** The sha256 of `size` bytes, or of nobody knows how many; on a thread of its own where that pays. */
export function hasherFor(size: number | undefined, concurrency: number): HasherBeside {
  const here = concurrency < 2 || (size !== undefined && size < WORTH_A_THREAD)
  return here ? { ...hasher(), [Symbol.dispose]: () => undefined } : hashBeside(size === undefined ? 'late' : 'now')
}

/**
 * A sha256 that another thread takes, which starts now, or when there is more than fits into a few MiB. Its `update` copies
 * the bytes, and waits only where that thread is far behind.
 */
export function hashBeside(start: 'now' | 'late'): HasherBeside {
  const ring = byteRing(RING)
  const giver = ringGiver(ring)
  const stop = new AbortController()
  let running: Promise<Digest> | undefined
  let size = 0
  const run = (): void => {
    running = hashOnThread(ring, stop.signal)
    running.catch(() => giver.abandon()) // the error is digest's to throw
  }
  if (start === 'now') run()
  return {
    update(bytes) {
      size += bytes.length
      if (running === undefined && size > RING) run()
      return giver.give(bytes)
    },
    digest() {
      giver.end()
      return running ?? hashRing(ring)
    },
    [Symbol.dispose]: () => stop.abort(),
  }
}

async function hashOnThread(ring: ByteRing, signal: AbortSignal): Promise<Digest> {
  const digests: Digest[] = []
  await runJobs<Digest>(workerUrl(import.meta.url, './hash-beside-worker.js'), [ring], {
    concurrency: 1,
    signal,
    onDone: (_, digest) => void digests.push(digest),
  })
  const [digest] = digests
  if (digest === undefined) throw new Error('the thread ended without an answer')
  return digest
}
