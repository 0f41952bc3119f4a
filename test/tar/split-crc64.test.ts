import { expect, test } from 'vitest'
import fc from 'fast-check'
import { crc64Machine } from '../../src/tar/split-crc64-wasm.js'
import { crc64, crc64Buffer } from '../../src/tar/split-crc64.js'

const POLYNOMIAL = 0xd800000000000000n
const ONES = 0xffffffffffffffffn

/** Bit by bit, as the definition has it. */
function slowly(bytes: Uint8Array): string {
  let crc = ONES
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ ((crc & 1n) === 1n ? POLYNOMIAL : 0n)
  }
  return (crc ^ ONES).toString(16).padStart(16, '0')
}

function hexOf(...chunks: readonly Uint8Array[]): string {
  const crc = crc64()
  for (const chunk of chunks) crc.update(chunk)
  return crc.hex()
}

const ascii = (text: string) => new TextEncoder().encode(text)

test.each([
  ['', '0000000000000000'],
  ['A', '0220000000000000'],
  ['123456789', 'b90956c775a41001'],
  ['big id\n', '614369f9a1b996f0'],
])('gives what Go gives for %j', (text, expected) => {
  expect(hexOf(ascii(text))).toBe(expected)
})

test('gives what the definition gives, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), (bytes, cut) => {
      expect(hexOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(slowly(bytes))
    }),
  )
})

test('gives the same for what lies in its own buffer, wherever that is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(40), (bytes, at) => {
      const { buffer, checksum } = crc64Buffer()
      buffer.set(bytes, at)
      const crc = checksum()
      crc.update(buffer.subarray(at, at + bytes.length))
      expect(crc.hex()).toBe(slowly(bytes))
    }),
  )
})

test('gives the same with and without SIMD', () => {
  const machines = [crc64Machine(true), crc64Machine(false)]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(40), (bytes, at) => {
      const states = machines.map(({ input, update }) => {
        input.set(bytes, at)
        return update(-1n, at, at + bytes.length)
      })
      expect(states[0]).toBe(states[1])
    }),
  )
})
