import { expect, test } from 'vitest'
import { asDiffID, asDigest, digestKind, digestOf, hasher } from '../../src/bytes/digest.js'

const HEX = 'a'.repeat(64)

test.each([
  [`sha256:${HEX}`, 'known'],
  [`sha512:${HEX}${HEX}`, 'known'],
  ['sha384:abc', 'unknown-algorithm'],
  ['multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8', 'unknown-algorithm'],
  [`sha256:${HEX.toUpperCase()}`, 'invalid'],
  [`sha256:${HEX}a`, 'invalid'],
  [`sha512:${HEX}`, 'invalid'],
  ['sha256:', 'invalid'],
  [HEX, 'invalid'],
  ['sha256:../../etc/passwd', 'invalid'],
  ['SHA256:abc', 'invalid'],
  [`sha256:${HEX}\n`, 'invalid'],
  ['', 'invalid'],
])('%j is %s', (text, kind) => {
  expect(digestKind(text)).toBe(kind)
  expect(asDigest(text) !== undefined).toBe(kind === 'known')
})

test('a diffID is a sha256 digest, nothing else', () => {
  expect(asDiffID(`sha256:${HEX}`)).toBeDefined()
  expect(asDiffID(`sha512:${HEX}${HEX}`)).toBeUndefined()
})

test('a hasher gives what FIPS 180-4 gives for "abc", in one piece or three', () => {
  const bytes = new TextEncoder().encode('abc')
  const running = hasher()
  for (const byte of bytes) running.update(Uint8Array.of(byte))
  const expected = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(running.digest()).toBe(expected)
  expect(digestOf(bytes)).toBe(expected)
})
