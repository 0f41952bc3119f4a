import { expect, test } from 'vitest'
import { concat } from '../../src/bytes/concat.js'

test('bytes one after the other are a copy, and nothing of nothing', () => {
  const [first, second] = [Uint8Array.of(1, 2), Uint8Array.of(3)]
  const whole = concat([first, new Uint8Array(0), second])
  first.fill(9)
  expect([...whole]).toEqual([1, 2, 3])
  expect(concat([])).toHaveLength(0)
})
