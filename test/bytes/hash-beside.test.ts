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

/** Runs where the system grants no thread. */
async function withoutThreads(run: () => Promise<void>): Promise<void> {
  started.mockImplementation(() => {
    throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
  })
  const { startThreads } = await vi.importActual<typeof threads>('../../src/bytes/worker-threads.js')
  try {
    await run()
  } finally {
    started.mockImplementation(startThreads)
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
    await withoutThreads(async () => {
      using hash = hashBeside(start)
      await feed(hash, data, [100, 3 * MIB, 6 * MIB])
      expect(await hash.digest()).toBe(`sha256:${sha256(data)}`)
      expect(started).toHaveBeenCalledTimes(1)
    })
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

interface Lending {
  readonly memory: Uint8Array
  /** Where in it the first byte lies. */
  readonly from: number
  readonly cuts: readonly number[]
}

/** Lends bytes that lie in a ring, as many at once as there is room for; each place is overwritten when it is given back. */
async function lend(hash: HasherBeside, bytes: Uint8Array, { memory, from, cuts }: Lending): Promise<number> {
  const lent: { readonly length: number; readonly given: Promise<void> }[] = []
  let [out, most] = [0, 0]
  const back = async (): Promise<void> => {
    const { length, given } = lent.shift() ?? { length: 0, given: undefined }
    await given
    out -= length
  }
  for (let done = 0, turn = 0; done < bytes.length || turn === 0; turn++) {
    const at = (from + done) % memory.length
    const wanted = cuts.length === 0 ? bytes.length : (cuts[turn % cuts.length] ?? 1)
    const length = Math.min(wanted, bytes.length - done, memory.length - at)
    while (out + length > memory.length) await back()
    const block = memory.subarray(at, at + length)
    block.set(bytes.subarray(done, done + length))
    const given = Promise.resolve(hash.update(block)).then(() => void block.fill(0xaa))
    lent.push({ length, given })
    most = Math.max(most, lent.length)
    out += length
    done += length
  }
  await Promise.all(lent.map(({ given }) => given))
  return most
}

/** Lends all of that memory, in four parts. */
function lendAll(hash: HasherBeside, memory: Uint8Array): Promise<void>[] {
  const quarter = Math.ceil(memory.length / 4)
  return [0, 1, 2, 3].map(async (at) => hash.update(memory.subarray(at * quarter, (at + 1) * quarter)))
}

// The first as the memory of a growing file is.
const SHARED = [
  (length: number) => new Uint8Array(new SharedArrayBuffer(length, { maxByteLength: length })),
  (length: number) => new Uint8Array(new SharedArrayBuffer(length)),
]
const lending = fc.record({
  memory: fc.tuple(fc.nat(1), fc.integer({ min: 1000, max: 2 * MIB })).map(([kind, length]) => SHARED[kind]?.(length)),
  from: fc.nat(),
  length: fc.oneof(fc.nat(5000), fc.nat(5 * MIB)),
  cuts: fc.array(fc.integer({ min: 5000, max: MIB }), { maxLength: 5 }),
})

describe('a sha256 of bytes that lie where all threads see them', () => {
  const ofAll = (start: 'now' | 'late') =>
    fc.assert(
      fc.asyncProperty(lending, async ({ memory = data, from, length, cuts }) => {
        using hash = hashBeside(start)
        const bytes = data.subarray(0, length)
        await lend(hash, bytes, { memory, from: from % memory.length, cuts })
        expect(await hash.digest()).toBe(`sha256:${sha256(bytes)}`)
      }),
      { numRuns: 12 },
    )

  test.each(['now', 'late'] as const)('is theirs, while they are overwritten behind it (%s)', async (start) => {
    await ofAll(start)
    expect(worker().threadId).toBe(-1)
  })

  test.each(['now', 'late'] as const)('is theirs where the system grants no thread (%s)', (start) =>
    withoutThreads(() => ofAll(start)),
  )

  test('takes several at once, and none is copied', async () => {
    const memory = new Uint8Array(new SharedArrayBuffer(8 * MIB))
    using hash = hashBeside('now')
    expect(await lend(hash, data, { memory, from: 0, cuts: [MIB] })).toBe(8)
    expect(await hash.digest()).toBe(`sha256:${sha256(data)}`)
    using other = hashBeside('now')
    // The thread has not started yet: it sees what lies there later.
    const given = other.update(memory.subarray(0, 100).fill(1))
    memory.subarray(0, 100).fill(2)
    await given
    expect(await other.digest()).toBe(digestOf(new Uint8Array(100).fill(2)))
  })

  test('may be asked for before the bytes are given back', async () => {
    const memory = new Uint8Array(new SharedArrayBuffer(5 * MIB))
    memory.set(data.subarray(0, 5 * MIB))
    using hash = hashBeside('late')
    const given = Promise.all(lendAll(hash, memory))
    expect(await hash.digest()).toBe(`sha256:${sha256(memory)}`)
    await given
  })

  test('is not taken of bytes that lie elsewhere', async () => {
    const memory = new Uint8Array(new SharedArrayBuffer(1000))
    for (const elsewhere of [
      memory.subarray(101, 200),
      memory.subarray(99, 200),
      memory.subarray(0, 10),
      new Uint8Array(new SharedArrayBuffer(1000), 100),
      memory.slice(100, 200),
      new Uint8Array(200).subarray(100),
    ]) {
      using hash = hashBeside('late')
      const given = hash.update(memory.subarray(0, 100))
      expect(() => hash.update(elsewhere)).toThrow('bytes lie elsewhere')
      await given
    }
  })

  test('copies them behind bytes that do not lie there', async () => {
    using hash = hashBeside('now')
    const memory = new Uint8Array(new SharedArrayBuffer(10)).fill(2)
    await hash.update(new Uint8Array(10).fill(1))
    const given = hash.update(memory)
    memory.fill(3)
    await given
    expect(await hash.digest()).toBe(digestOf(Uint8Array.from({ length: 20 }, (_, at) => (at < 10 ? 1 : 2))))
  })

  test.each(['now', 'late'] as const)('lets all go when nobody wants it any more (%s)', async (start) => {
    const memory = new Uint8Array(new SharedArrayBuffer(8 * MIB))
    const hash = hashBeside(start)
    const given = Promise.all(lendAll(hash, memory))
    const thread = worker()
    hash[Symbol.dispose]()
    await given
    await hash.update(memory.subarray(0, MIB))
    await expect(hash.digest()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(thread.threadId).toBe(-1)
  })

  test('lets all go when its thread falls over', async () => {
    const memory = new Uint8Array(new SharedArrayBuffer(8 * MIB))
    using hash = hashBeside('now')
    const given = Promise.all(lendAll(hash, memory))
    worker().emit('error', new Error('out of memory'))
    await given
    await hash.update(memory.subarray(0, MIB))
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
