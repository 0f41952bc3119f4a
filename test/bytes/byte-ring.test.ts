import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteRing, ringBytes, ringGiver, ringOver, type ByteRing } from '../../src/bytes/byte-ring.js'
import { concatenated } from '../support/chunks.js'

/** Takes on the thread of the giver, so only what is there already; holds each piece for a while before it copies it. */
async function take(ring: ByteRing, most: number): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  const taking = ringBytes(ring, most)
  for (let total = 0; ;) {
    while (given(ring) === total && Atomics.load(ring.counts, 0) >= 0n) await setImmediate()
    const next = taking.next()
    if (next.done === true) return pieces
    await setImmediate()
    pieces.push(next.value.slice())
    total += next.value.length
  }
}

function given({ counts }: ByteRing): number {
  const told = Number(Atomics.load(counts, 0))
  return told < 0 ? -1 - told : told
}

async function give(ring: ByteRing, chunks: readonly Uint8Array[]): Promise<void> {
  const giver = ringGiver(ring)
  for (const chunk of chunks) {
    const mine = chunk.slice()
    await giver.give(mine)
    mine.fill(0xaa)
    // Else the ring is always full when the other side has its turn.
    if (chunk.length % 2 === 0) await setImmediate()
  }
  giver.end()
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate()
}

// The taker holds less than the ring has room for: on one thread neither can wait for the other asleep.
const sizes = fc.integer({ min: 2, max: 40 }).chain((capacity) => fc.tuple(fc.constant(capacity), fc.nat(capacity - 2)))

/** A ring that starts anywhere in memory of that size. */
function ringFrom(capacity: number, start: number): ByteRing {
  return ringOver(new Uint8Array(new SharedArrayBuffer(capacity)).fill(0xbb), start % capacity)
}

test('a ring starts at its beginning, unless it lies elsewhere in memory that is there', () => {
  expect([byteRing(7).start, byteRing(7).bytes.length]).toEqual([0, 7])
  const bytes = new Uint8Array(new SharedArrayBuffer(9))
  const ring = ringOver(bytes, 4)
  expect([ring.start, ring.bytes]).toEqual([4, bytes])
})

const chunks = fc.array(fc.uint8Array({ maxLength: 100 }))

test('what is given comes out, in order and whole, however it is cut, however small the ring is, from anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), chunks, async ([capacity, less], start, chunks) => {
      const ring = ringFrom(capacity, start)
      const [pieces] = await Promise.all([take(ring, less + 1), give(ring, chunks)])
      expect(concatenated(...pieces)).toEqual(concatenated(...chunks))
      expect(pieces.every(({ length }) => length > 0 && length <= less + 1)).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('the giver waits for room, and goes on when there is some', async () => {
  const ring = byteRing(8)
  let done = false
  const giving = ringGiver(ring)
    .give(new Uint8Array(10))
    .then(() => (done = true))
  await setImmediate()
  expect([given(ring), done]).toEqual([8, false])
  const taking = ringBytes(ring, 4)
  taking.next()
  await setImmediate()
  expect([given(ring), done]).toEqual([8, false])
  taking.next()
  await giving
  expect(given(ring)).toBe(10)
})

test('chunks that fit are given at once', async () => {
  const giver = ringGiver(byteRing(8))
  const first = giver.give(new Uint8Array(3))
  const second = giver.give(new Uint8Array(5))
  expect(await Promise.race([Promise.all([first, second]), setImmediate('waits')])).not.toBe('waits')
})

test('nothing at all ends at once', () => {
  const ring = byteRing(8)
  ringGiver(ring).end()
  expect([...ringBytes(ring, 8)]).toEqual([])
})

test('a giver whose other side is gone waits no longer, now and later', async () => {
  const giver = ringGiver(byteRing(8))
  const waiting = giver.give(new Uint8Array(100))
  await setImmediate()
  giver.abandon()
  await waiting
  await giver.give(new Uint8Array(100))
})

/** Puts bytes where they belong, passes them on, and overwrites them when they were taken. */
async function lend(ring: ByteRing, chunks: readonly Uint8Array[]): Promise<void> {
  const { bytes, start } = ring
  const giver = ringGiver(ring)
  const lent: { readonly length: number; readonly taken: Promise<void> }[] = []
  let [at, out] = [start, 0]
  const giveBack = async (): Promise<void> => {
    const { length, taken } = lent.shift() ?? { length: 0, taken: undefined }
    await taken
    for (let index = 0; index < length; index++) bytes[(at - out + index) % bytes.length] = 0xaa
    out -= length
  }
  for (const chunk of chunks) {
    while (out + chunk.length > bytes.length) await giveBack()
    for (const [index, byte] of chunk.entries()) bytes[(at + index) % bytes.length] = byte
    at += chunk.length
    out += chunk.length
    lent.push({ length: chunk.length, taken: giver.pass(chunk.length) })
  }
  giver.end()
  while (lent.length > 0) await giveBack()
}

test('what is lent comes out as it lies there, around the end too, and stays until it was taken', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), chunks, async ([capacity, less], start, chunks) => {
      const ring = ringFrom(capacity, start)
      // What the taker holds is not taken yet: there must be room beside it.
      const fitting = chunks.map((chunk) => chunk.subarray(0, Math.floor((capacity - less) / 2)))
      const [pieces] = await Promise.all([take(ring, less + 1), lend(ring, fitting)])
      expect(concatenated(...pieces)).toEqual(concatenated(...fitting))
      expect(pieces.every(({ length }) => length > 0 && length <= less + 1)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

/** Passes so many bytes on; tells which of them were given back. */
function passing(ring: ByteRing, lengths: readonly number[]) {
  const giver = ringGiver(ring)
  const done: number[] = []
  const all = lengths.map((length, index) => giver.pass(length).then(() => void done.push(index)))
  return { giver, done, all: Promise.all(all) }
}

test('what is lent is not given back before it was taken, nor where it is the last', async () => {
  const { giver, done } = passing(ringFrom(10, 6), [3, 2, 4])
  await turns()
  expect(done).toEqual([])
  giver.end()
  await turns()
  expect(done).toEqual([])
})

test('what is lent is given back in order, each when all of it was taken', async () => {
  const ring = ringFrom(10, 6)
  const { giver, done, all } = passing(ring, [3, 2, 4])
  giver.end()
  let seen = 0
  for (const piece of ringBytes(ring, 2)) {
    await turns()
    expect(done).toHaveLength([3, 5, 9].filter((end) => end <= seen).length)
    seen += piece.length
  }
  await all
  expect(done).toEqual([0, 1, 2])
  expect(seen).toBe(9)
})

test('nothing that is lent is waited for where the other side is gone, now and later', async () => {
  const { giver, done, all } = passing(ringFrom(10, 6), [3, 2, 4])
  await turns()
  giver.abandon()
  await all
  expect(done).toEqual([0, 1, 2])
  await giver.pass(5)
})

test('nothing lent is given back at once', async () => {
  await ringGiver(byteRing(8)).pass(0)
})
