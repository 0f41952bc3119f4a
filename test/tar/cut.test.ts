import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cuts, withoutParts } from '../../src/tar/cut.js'
import { chunksOf, collect } from '../support/chunks.js'

test('bytes without parts of them are the others, however they come', async () => {
  const gaps = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 9 })
  await fc.assert(
    fc.asyncProperty(gaps, fc.nat(20), fc.array(fc.nat(200), { maxLength: 9 }), async (pairs, tail, cutsAt) => {
      const parts: { offset: number; length: number }[] = []
      let end = 0
      for (const [before, length] of pairs) {
        parts.push({ offset: end + before, length })
        end += before + length
      }
      const bytes = Uint8Array.from({ length: end + tail }, (_, at) => at)
      const others = bytes.filter((_, at) => !parts.some(({ offset, length }) => at >= offset && at < offset + length))
      const sorted = [...new Set(cutsAt.filter((at) => at < bytes.length))].sort((a, b) => a - b)
      expect(await collect(withoutParts(chunksOf(bytes, sorted), parts))).toEqual(others)
    }),
  )
})

test('members that follow each other are one part, with headers and padding', () => {
  const parts = cuts()
  parts.add({ header: { offset: 512, length: 1024 }, content: { offset: 1536, length: 3 } })
  parts.add({ header: { offset: 2048, length: 512 }, content: { offset: 0, length: 0 } })
  parts.add({ header: { offset: 4096, length: 512 }, content: { offset: 4608, length: 512 } })
  expect([...parts]).toEqual([
    { offset: 512, length: 2048 },
    { offset: 4096, length: 1024 },
  ])
})
