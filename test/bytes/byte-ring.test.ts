import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteRing, ringBytes, ringGiver, type ByteRing } from '../../src/bytes/byte-ring.js'
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

// The taker holds less than the ring has room for: on one thread neither can wait for the other asleep.
const sizes = fc.integer({ min: 2, max: 40 }).chain((capacity) => fc.tuple(fc.constant(capacity), fc.nat(capacity - 2)))

test('what is given comes out, in order and whole, however it is cut and however small the ring is', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.uint8Array({ maxLength: 100 })), async ([capacity, less], chunks) => {
      const ring = byteRing(capacity)
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
