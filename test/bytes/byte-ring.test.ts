import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteRing, ringBytes, ringGiver, type ByteRing } from '../../src/bytes/byte-ring.js'
import { concatenated } from '../support/chunks.js'

/** Takes on the thread of the giver, so only what is there already; holds each piece for a while before it copies it. */
async function take(ring: ByteRing, most: number): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  const taking = ringBytes(ring, most)
  for (let total = given(ring); ;) {
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

test('memory that is lent is given as it lies there, part by part, from the place where the bytes begin', async () => {
  const ring = byteRing(16, 3)
  const giver = ringGiver(ring, 4)
  const text = concatenated(Uint8Array.from({ length: 30 }, (_, at) => at + 1))
  const fill = async (): Promise<void> => {
    for (let done = 0; done < text.length;) {
      const memory = await giver.next()
      expect([memory.buffer, (memory.byteOffset + memory.length) % 4]).toEqual([ring.bytes.buffer, 0])
      const chunk = memory.subarray(0, text.length - done)
      chunk.set(text.subarray(done, done + chunk.length))
      done += chunk.length
      await giver.give(chunk)
    }
    giver.end()
  }
  const [pieces] = await Promise.all([take(ring, 5), fill()])
  expect(concatenated(...pieces)).toEqual(text)
})

test('memory is lent again only when what was in it has been taken', async () => {
  const ring = byteRing(8)
  const giver = ringGiver(ring, 4)
  for (const value of [1, 2]) await giver.give((await giver.next()).fill(value))
  const third = giver.next()
  expect(await Promise.race([third, setImmediate('waits')])).toBe('waits')
  const taking = ringBytes(ring, 4)
  expect(taking.next().value).toEqual(new Uint8Array(4).fill(1))
  expect(await Promise.race([third, setImmediate('waits')])).toBe('waits')
  taking.next()
  expect((await third).byteOffset).toBe(0)
})

test('memory is lent without waiting where the other side is gone', async () => {
  const giver = ringGiver(byteRing(8), 4)
  await giver.next()
  await giver.next()
  const third = giver.next()
  giver.abandon()
  expect((await third).length).toBe(4)
})
