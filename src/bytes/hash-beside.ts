import { byteRing, ringGiver, type ByteRing } from './byte-ring.js'
import { hasher, type AnyHasher, type Digest, type Hasher } from './digest.js'
import { hashRing } from './hash-ring.js'
import { runJobs } from './worker-pool.js'
import { startThreads, workerUrl, type Threads } from './worker-threads.js'

const WORKER = workerUrl(import.meta.url, './hash-beside-worker.js')

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
 * the bytes, and waits only where that thread is far behind. Where there can be no other thread, this one takes it.
 */
export function hashBeside(start: 'now' | 'late'): HasherBeside {
  const ring = byteRing(RING)
  const giver = ringGiver(ring)
  const stop = new AbortController()
  let running: Promise<Digest> | undefined
  let here: AnyHasher | undefined
  let size = 0
  const hashHere = (): Hasher => {
    giver.end()
    const hash = hasher()
    hashRing(ring, hash)
    return hash
  }
  const run = (): void => {
    const thread = oneThread()
    running = thread && hashOnThread(thread, ring, stop.signal)
    running?.catch(() => giver.abandon()) // the error is digest's to throw
    if (thread === undefined) here = hashHere()
  }
  if (start === 'now') run()
  return {
    update(bytes) {
      size += bytes.length
      if (running === undefined && here === undefined && size > RING) run()
      return here === undefined ? giver.give(bytes) : here.update(bytes)
    },
    digest() {
      if (running === undefined) return (here ?? hashHere()).digest()
      giver.end()
      return running
    },
    [Symbol.dispose]: () => stop.abort(),
  }
}

/** Undefined where the system grants no more of them, which only the start of one tells. */
function oneThread(): Threads | undefined {
  try {
    return startThreads(WORKER, 1)
  } catch {
    return undefined
  }
}

async function hashOnThread(threads: Threads, ring: ByteRing, signal: AbortSignal): Promise<Digest> {
  const digests: Digest[] = []
  await runJobs<Digest>(WORKER, [ring], {
    concurrency: 1,
    signal,
    threads,
    onDone: (_, digest) => void digests.push(digest),
  })
  const [digest] = digests
  if (digest === undefined) throw new Error('the thread ended without an answer')
  return digest
}
