import { expect, test } from 'vitest'
import { hexOfBytes } from '../../src/bytes/hex.js'

test('every byte is two lower-case digits', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
  expect(hexOfBytes(bytes)).toBe(Buffer.from(bytes).toString('hex'))
  expect(hexOfBytes(new Uint8Array(0))).toBe('')
})
