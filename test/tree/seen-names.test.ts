import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENTRY_TYPES, type TarEntryType } from '../../src/tar/entry.js'
import { nameTable } from '../../src/tree/name-table.js'
import { seenNames } from '../../src/tree/seen-names.js'
import { sipHash } from '../../src/tree/sip-hash.js'

// As they come: in the middle of other bytes.
function within(name: Uint8Array): readonly [bytes: Uint8Array, start: number, end: number] {
  const bytes = new Uint8Array(name.length + 3).fill(7)
  bytes.set(name, 1)
  return [bytes, 1, 1 + name.length]
}
const bytesOf = (name: string) => within(Buffer.from(name))

describe.each([
  ['seenNames', seenNames],
  ['seenNames, some in its table', () => seenNames(7)],
  ['nameTable', nameTable],
])('names that were seen (%s)', (_, noNames) => {
  test('are what a Map of them would say', () => {
    const name = fc.uint8Array({ maxLength: 9, max: 3 })
    const steps = fc.array(fc.tuple(name, fc.constantFrom(...ENTRY_TYPES), fc.boolean()), { maxLength: 300 })
    fc.assert(
      fc.property(steps, (all) => {
        const names = noNames()
        const map = new Map<string, TarEntryType>()
        for (const [bytes, type, isAdded] of all) {
          const [key, place] = [bytes.join(), within(bytes)]
          expect(names.typeOf(...place)).toBe(map.get(key))
          if (!isAdded) names.put(...place, type)
          else expect(names.add(...place, type)).toBe(!map.has(key))
          if (!isAdded || !map.has(key)) map.set(key, type)
        }
        for (const [bytes] of all) expect(names.typeOf(...within(bytes))).toBe(map.get(bytes.join()))
      }),
    )
  })

  test('may be many, and longer than the blocks that hold them', () => {
    const names = noNames()
    const nameAt = (index: number) =>
      `${'dir/'.repeat(index % 7)}${'x'.repeat(index % 50_000 === 7 ? 300_000 : 1)}${index}`
    const typeAt = (index: number) => ENTRY_TYPES[index % ENTRY_TYPES.length] ?? 'unknown'
    for (let index = 0; index < 100_000; index++) names.put(...bytesOf(nameAt(index)), typeAt(index))
    for (let index = 0; index < 200_000; index++) {
      const found = names.typeOf(...bytesOf(nameAt(index)))
      if (found !== (index < 100_000 ? typeAt(index) : undefined)) expect([index, found]).toEqual([])
    }
  })
})

describe('the hash of names', () => {
  const hashOf = (name: Uint8Array, key = 7): number => {
    const words = new Uint32Array(Math.ceil(name.length / 4) + 2).fill(7)
    const count = words.length - 2
    if (count > 0) words[count] = 0
    new Uint8Array(words.buffer).set(name, 4)
    return sipHash(key, ~key)(words, 1, count, name.length)
  }
  const hashes = (key: number, names: readonly string[]) => names.map((name) => hashOf(Buffer.from(name), key))
  const names = Array.from({ length: 20_000 }, (_, index) => `usr/lib/${index}`)

  test('depends on every bit and on the length', () => {
    const name = Buffer.from('usr/share/doc')
    const flipped = Array.from({ length: name.length * 8 }, (_, bit) => {
      const other = Buffer.from(name)
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return other
    })
    const padded = [1, 2, 3, 4, 5].map((zeros) => Buffer.concat([name, Buffer.alloc(zeros)]))
    const all = [name, ...flipped, ...padded, Buffer.alloc(0)].map((bytes) => hashOf(bytes))
    expect(new Set(all).size).toBe(all.length)
  })

  test('spreads names over any table, and differently with each key', () => {
    const [one, other] = [hashes(1, names), hashes(2, names)]
    expect(one.filter((hash, at) => hash === other[at]).length).toBeLessThan(5)
    for (const shift of [0, 16]) {
      const counts = new Array<number>(256).fill(0)
      for (const hash of one) counts[(hash >>> shift) & 255] = (counts[(hash >>> shift) & 255] ?? 0) + 1
      // 78 are to be expected.
      expect([Math.min(...counts) > 30, Math.max(...counts) < 140]).toEqual([true, true])
    }
  })
})
