import { expect, test } from 'vitest'
import { dockerSize, sizeInWords } from '../../src/report/size.js'

// What `docker images` and `docker history` print (go-units HumanSizeWithPrecision with 3).
test.each([
  [0, '0B'],
  [6, '6B'],
  [351, '351B'],
  [999, '999B'],
  [1000, '1kB'],
  [65_550, '65.5kB'],
  [205_000, '205kB'],
  [1_980_000, '1.98MB'],
  [2_250_456, '2.25MB'],
  [77_800_000, '77.8MB'],
  [100_000_000, '100MB'],
  [1_234_567_890_123, '1.23TB'],
  [999_999, '1e+03kB'],
])('%i bytes are %s', (bytes, text) => {
  expect(dockerSize(bytes)).toBe(text)
})

test('sentences have a space before the unit', () => {
  expect(sizeInWords(3_100_000)).toBe('3.1 MB')
})
