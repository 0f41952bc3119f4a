import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { digestOf } from '../../src/bytes/digest.js'
import { hashBeside, hasherFor, type HasherBeside } from '../../src/bytes/hash-beside.js'
import * as threads from '../../src/bytes/worker-threads.js'
import { cutsIn, sha256 } from '../support/chunks.js'

// As they are, but watched.
vi.mock('../../src/bytes/worker-threads.js', async (original) => {
  const actual = await original<typeof threads>()
  return { ...actual, startThreads: vi.fn(actual.startThreads) }
})

const MIB = 1024 * 1024
// No two stretches of it are the same.
const data = Uint8Array.from({ length: 9 * MIB + 123 }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)
const started = vi.mocked(threads.startThreads)
beforeEach(() => void started.mockClear())

/** The thread that was started last. */
function worker() {
  const result = started.mock.results.at(-1)
  if (result?.type !== 'return') throw new Error('no thread was started')
  const [thread] = result.value.all
  if (thread === undefined) throw new Error('no thread was started')
  return thread.worker
}

/** Gives bytes from a buffer that is overwritten as soon as it is given back. */
async function feed(hash: HasherBeside, bytes: Uint8Array, cuts: readonly number[] = []): Promise<void> {
  const places = [...cuts, bytes.length].sort((a, b) => a - b)
  for (let [turn, from] = [0, 0]; turn < places.length; turn++) {
    const to = places[turn] ?? bytes.length
    const chunk = bytes.slice(from, to)
    await hash.update(chunk)
    chunk.fill(0xaa)
    from = to
  }
}

describe('a sha256 on a thread of its own', () => {
  test.each(['now', 'late'] as const)('is the sha256 of all bytes, however they come (%s)', async (start) => {
    const lengths = fc.oneof(fc.nat(1000), fc.nat(data.length), fc.constantFrom(4 * MIB, 4 * MIB + 1))
    await fc.assert(
      fc.asyncProperty(
        lengths.chain((length) => fc.tuple(fc.constant(length), cutsIn(length))),
        async ([length, cuts]) => {
          using hash = hashBeside(start)
          const bytes = data.subarray(0, length)
          await feed(hash, bytes, cuts)
          expect(await hash.digest()).toBe(`sha256:${sha256(bytes)}`)
        },
      ),
      { numRuns: 10, examples: [[[0, []]]] },
    )
  })

  test('is taken here as long as it is not worth a thread', async () => {
    using hash = hashBeside('late')
    await feed(hash, data.subarray(0, 4 * MIB))
    expect(await hash.digest()).toBe(`sha256:${sha256(data.subarray(0, 4 * MIB))}`)
    expect(started).not.toHaveBeenCalled()
  })

  test('starts its thread when more comes than there is room for', async () => {
    using hash = hashBeside('late')
    await feed(hash, data, [4 * MIB])
    expect(started).toHaveBeenCalledTimes(1)
    expect(await hash.digest()).toBe(`sha256:${sha256(data)}`)
    expect(worker().threadId).toBe(-1)
  })

  test.each(['now', 'late'] as const)('is taken here where the system grants no thread (%s)', async (start) => {
    started.mockImplementation(() => {
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
    })
    const { startThreads } = await vi.importActual<typeof threads>('../../src/bytes/worker-threads.js')
    try {
      using hash = hashBeside(start)
      await feed(hash, data, [100, 3 * MIB, 6 * MIB])
      expect(await hash.digest()).toBe(`sha256:${sha256(data)}`)
      expect(started).toHaveBeenCalledTimes(1)
    } finally {
      started.mockImplementation(startThreads)
    }
  })
})

describe('a thread that takes a sha256', () => {
  test('ends when nobody wants it any more, and who waits for it goes on', async () => {
    const hash = hashBeside('now')
    const thread = worker()
    const giving = hash.update(new Uint8Array(64 * MIB))
    hash[Symbol.dispose]()
    await giving
    await expect(hash.digest()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(thread.threadId).toBe(-1)
  })

  test('ends also while it waits for bytes', async () => {
    const hash = hashBeside('now')
    const thread = worker()
    // More than there is room for: some was taken, and the thread is there.
    await hash.update(new Uint8Array(6 * MIB))
    hash[Symbol.dispose]()
    await expect(hash.digest()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(thread.threadId).toBe(-1)
  })

  test('that falls over is an error of the digest, and nobody waits for it', async () => {
    using hash = hashBeside('now')
    const giving = hash.update(new Uint8Array(64 * MIB))
    worker().emit('error', new Error('out of memory'))
    await giving
    await hash.update(new Uint8Array(64 * MIB))
    await expect(hash.digest()).rejects.toThrow('out of memory')
  })
})

describe('the hasher for so many bytes', () => {
  test.each([
    ['few', 16 * MIB - 1, 8, 0],
    ['many', 16 * MIB, 2, 1],
    ['many, on one thread', 16 * MIB, 1, 0],
    ['nobody knows how many', undefined, 2, 0],
    ['nobody knows how many, on one thread', undefined, 1, 0],
  ])('starts a thread where that pays: %s', async (_, size, concurrency, count) => {
    using hash = hasherFor(size, concurrency)
    expect(started).toHaveBeenCalledTimes(count)
    await feed(hash, data.subarray(0, 1000))
    expect(await hash.digest()).toBe(digestOf(data.subarray(0, 1000)))
  })
})
