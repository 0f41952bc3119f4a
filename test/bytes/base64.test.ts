import { describe, expect, test } from 'vitest'
import { decodeBase64, encodeBase64, lengthOfBase64 } from '../../src/bytes/base64.js'

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 167 + length) & 0xff)

describe('base64', () => {
  test('comes back as it went in, of any length', () => {
    for (const length of [...Array(70).keys(), 511, 512, 513, 8191, 8192, 8193, 65_537, 200_000]) {
      const text = encodeBase64(bytesOf(length))
      expect(decodeBase64(text)).toEqual(bytesOf(length))
      expect(lengthOfBase64(text)).toBe(length)
    }
  })

  test('gives bytes that stay what they were when others are decoded', () => {
    const texts = Array.from({ length: 300 }, (_, index) => encodeBase64(bytesOf(index)))
    const all = texts.map((text) => decodeBase64(text))
    expect(all).toEqual(texts.map((_, index) => bytesOf(index)))
  })

  test.each([
    ['of a length that none has', 'AAA'],
    ['with padding in the middle', 'AA==AAAA'],
    ['with too much padding', 'A==='],
    ['of nothing but padding', '===='],
    ['with a letter of none', 'AA*A'],
    ['of the URL-safe alphabet', 'AA-A'],
    ['of the URL-safe alphabet, the other letter', 'AA_A'],
    ['with a line end', 'AAAA\nAAA'],
    ['with a space', 'AA A'],
    ['with a letter beyond latin1', 'AAAŁ'],
    ['with a NUL', 'AAA\0'],
  ])('%s is none', (_, text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })
})
