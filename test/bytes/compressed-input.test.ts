import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compressedInput } from '../../src/bytes/compressed-input.js'
import { chunksOf, concatenated, cutsIn } from '../support/chunks.js'

const data = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff)

test('peeking, passing and skipping give the same bytes however the stream is cut', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('peek', 'pass', 'skip'), fc.nat(40)), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(cutsIn(data.length), steps, async (cuts, actions) => {
      const input = compressedInput(chunksOf(data, cuts))
      let at = 0
      for (const [action, count] of actions) {
        const expected = data.subarray(at, at + count)
        if (action === 'peek') {
          expect(await input.peek(count)).toEqual(expected)
        } else if (action === 'pass') {
          const pieces: Uint8Array[] = []
          expect(await input.pass(count, (piece) => pieces.push(piece.slice()))).toBe(expected.length)
          expect(concatenated(...pieces)).toEqual(expected)
          at += expected.length
        } else if (await input.fill()) {
          const some = input.unread().subarray(0, count)
          expect(some).toEqual(data.subarray(at, at + some.length))
          input.skip(some.length)
          at += some.length
        }
        expect(input.offset).toBe(at)
      }
    }),
  )
})

test('unread bytes outlive the end of a source that clears its buffer', async () => {
  const input = compressedInput(chunksOf(data))
  await input.pass(298)
  expect(await input.peek(10)).toEqual(Uint8Array.of(data[298] ?? 0, data[299] ?? 0))
  expect(await input.fill()).toBe(true)
  expect(await input.pass(Infinity)).toBe(2)
  expect(await input.fill()).toBe(false)
})
