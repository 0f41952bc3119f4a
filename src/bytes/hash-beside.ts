import { byteRing, ringGiver, ringOver, type ByteRing, type RingGiver } from './byte-ring.js'
import { hasher, type AnyHasher, type Digest, type Hasher } from './digest.js'
import { hashRing } from './hash-ring.js'
import { runJobs } from './worker-pool.js'
import { startThreads, workerUrl, WORTH_A_THREAD, type Threads } from './worker-threads.js'

const WORKER = workerUrl(import.meta.url, './hash-beside-worker.js')

// Room for what comes while the other thread is starting, or not scheduled.
const RING = 4 * 1024 * 1024

/** A running sha256; disposing of it ends the thread that takes it. Errors: ERR_ABORTED after that. */
export interface HasherBeside extends AnyHasher, Disposable {}

/** The sha256 of `size` bytes, or of nobody knows how many; on a thread of its own where that pays. */
export function hasherFor(size: number | undefined, concurrency: number): HasherBeside {
  const here = concurrency < 2 || (size !== undefined && size < WORTH_A_THREAD)
  return here ? { ...hasher(), [Symbol.dispose]: () => undefined } : hashBeside(size === undefined ? 'late' : 'now')
}

/**
 * A sha256 that another thread takes, which starts now, or when there is more than fits into a few MiB. Its `update` copies
 * the bytes, and waits only where that thread is far behind; unless the first of them lie in memory that threads share:
 * then all must lie there one behind the other, nothing is copied, and it may be called again before it resolves. Where
 * there can be no other thread, this one takes it.
 */
export function hashBeside(start: 'now' | 'late'): HasherBeside {
  const stop = new AbortController()
  const thread = start === 'now' ? oneThread() : undefined
  let feeding: Feeding | undefined
  let running: Promise<Digest> | undefined
  let here: AnyHasher | undefined
  let size = 0
  const hashHere = (): Hasher => {
    const hash = hasher()
    feeding?.giver.end()
    if (feeding !== undefined) hashRing(feeding.ring, hash)
    return hash
  }
  const run = ({ ring, giver }: Feeding, on: Threads | undefined): void => {
    running = on && hashOnThread(on, ring, stop.signal)
    running?.catch(() => giver.abandon()) // the error is digest's to throw
    if (on === undefined) here = hashHere()
  }
  const begin = (bytes: Uint8Array): Feeding => {
    const begun = feedingWith(bytes)
    feeding = begun
    if (start === 'now') run(begun, thread)
    return begun
  }
  return {
    update(bytes) {
      const to = feeding ?? begin(bytes)
      size += bytes.length
      if (running === undefined && here === undefined && (to.isLent || size > RING)) run(to, oneThread())
      return here === undefined ? to.give(bytes) : here.update(bytes)
    },
    digest() {
      if (running === undefined) return (here ?? hashHere()).digest()
      feeding?.giver.end()
      return running
    },
    [Symbol.dispose]() {
      stop.abort()
      if (running === undefined) void thread?.[Symbol.asyncDispose]()
    },
  }
}

interface Feeding {
  readonly ring: ByteRing
  readonly giver: RingGiver
  readonly isLent: boolean
  give(bytes: Uint8Array): Promise<void>
}

/** Bytes go through a ring of their own, or stay where the first of them lie. */
function feedingWith({ buffer, byteOffset }: Uint8Array): Feeding {
  const isLent = buffer instanceof SharedArrayBuffer
  const ring = isLent ? ringOver(new Uint8Array(buffer), byteOffset) : byteRing(RING)
  const giver = ringGiver(ring)
  if (!isLent) return { ring, giver, isLent, give: (bytes) => giver.give(bytes) }
  let at = byteOffset
  return {
    ring,
    giver,
    isLent,
    give(bytes) {
      if (bytes.buffer !== buffer || bytes.byteOffset !== at % buffer.byteLength) throw new Error('bytes lie elsewhere')
      at += bytes.length
      return giver.pass(bytes.length)
    },
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
