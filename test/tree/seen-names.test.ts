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

/** HalfSipHash as its paper has it, word by word. */
function textbook(words: readonly number[], [k0, k1]: readonly [number, number], [c, d]: readonly [number, number]) {
  const v = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1]
  const rotated = (at: number, by: number) => ((v[at] ?? 0) << by) | ((v[at] ?? 0) >>> (32 - by))
  const add = (to: number, from: number, by: number) => {
    v[to] = ((v[to] ?? 0) + (v[from] ?? 0)) | 0
    v[from] = rotated(from, by) ^ v[to]
  }
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      add(0, 1, 5)
      v[0] = rotated(0, 16)
      add(2, 3, 8)
      add(0, 3, 7)
      add(2, 1, 13)
      v[2] = rotated(2, 16)
    }
  }
  for (const word of words) {
    v[3] = (v[3] ?? 0) ^ word
    rounds(c)
    v[0] = (v[0] ?? 0) ^ word
  }
  v[2] = (v[2] ?? 0) ^ 0xff
  rounds(d)
  return ((v[1] ?? 0) ^ (v[3] ?? 0)) >>> 0
}

describe('the hash of names', () => {
  test('is HalfSipHash, held to one that gives what its authors say', () => {
    const key = [0x03020100, 0x07060504] as const
    const hex = (word: number) =>
      (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
    // The first of their vectors, of HalfSipHash-2-4: no bytes, and the bytes 0; 0 and 1; 0 to 3.
    const messages = [[0], [0x01000000], [0x02000100], [0x03020100, 0x04000000]]
    expect(messages.map((words) => hex(textbook(words, key, [2, 4])))).toEqual([
      0xa9359f5b, 0x27475ab8, 0xfa62a603, 0x2a6e4689,
    ])
    const words = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 20 })
    fc.assert(
      fc.property(words, fc.integer(), fc.integer(), fc.nat(), (all, k0, k1, length) => {
        const placed = Uint32Array.of(7, ...all, 9)
        expect(sipHash(k0, k1)(placed, 1, all.length, length)).toBe(textbook([...all, length], [k0, k1], [1, 3]))
      }),
    )
  })

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
