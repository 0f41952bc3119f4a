import { expect, test } from 'vitest'
import { twoBuffers } from '../../src/bytes/chunk-memory.js'

test('two buffers take turns', async () => {
  const memory = twoBuffers(8)
  const [first, second, third] = [await memory.next(), await memory.next(), await memory.next()]
  expect([first.length, second.length]).toEqual([8, 8])
  expect(second).not.toBe(first)
  expect(third).toBe(first)
})
