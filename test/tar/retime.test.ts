import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { latin1Bytes } from '../../src/tar/path.js'
import { LAST_SECOND, retimedHeader, type Retiming } from '../../src/tar/retime.js'
import { retimedTar } from '../../src/tar/retime-tar.js'
import { chunksOf, collect, concatenated } from '../support/chunks.js'
import { headerBlock, member, onlyEntry, paxRecord } from '../support/tar-blocks.js'

const octal = (seconds: number): string => seconds.toString(8).padStart(11, '0')
/** A header block with that mtime. */
const at = (seconds: number, end = '\0') => headerBlock({ raw: { 136: `${octal(seconds)}${end}` } })
/** A PAX header whose own time is that one; Go writes none. */
const pax = (records: readonly (readonly [string, string])[], { seconds = 0, type = 'x' } = {}) =>
  member(
    { name: 'PaxHeaders/name', type, raw: { 136: octal(seconds) } },
    records.map(([key, value]) => paxRecord(key, value)).join(''),
  )
/** A long name of GNU tar. */
const longName = (name: string) =>
  member({ name: '././@LongLink', type: 'L', magic: 'gnu', raw: { 136: octal(0) } }, `${name}\0`)
const later = (seconds: number): Retiming => ({ seconds, which: 'later' })
const all = (seconds: number): Retiming => ({ seconds, which: 'all' })
/** Seconds of the one entry that these headers are of; the decoder refuses a wrong checksum. */
const secondsOf = (...headers: readonly Uint8Array[]) => Number(onlyEntry(...headers).mtimeNs / 1_000_000_000n)

describe('the time of a header', () => {
  test('becomes another one, with the checksum, and all other bytes stay', () => {
    const header = at(2000)
    const next = retimedHeader(header, later(1000))
    expect(next).toEqual(at(1000))
    expect(header).toEqual(at(2000))
  })

  test.each([
    ['earlier', at(999), later(1000)],
    ['the same', at(1000), later(1000)],
    ['the same, of all', at(1000), all(1000)],
    ['before 1970', headerBlock({ raw: { 136: '\xff'.repeat(12) } }), later(1000)],
  ])('stays where it is %s', (_, header, retiming) => {
    expect(retimedHeader(header, retiming)).toBe(header)
  })

  test.each([
    ['earlier', at(5)],
    ['later', at(5000)],
    ['before 1970', headerBlock({ raw: { 136: '\xff'.repeat(12) } })],
    ['beyond all digits', headerBlock({ raw: { 136: '\x80\0\0\0\x7f\0\0\0\0\0\0\0' } })],
  ])('is set where all are, though it is %s', (_, header) => {
    expect(retimedHeader(header, all(1000))).toEqual(at(1000))
  })

  test('keeps a space behind its digits', () => {
    expect(retimedHeader(at(2000, ' '), later(1000))).toEqual(at(1000, ' '))
  })

  test('may be the first and the last that digits can say', () => {
    for (const seconds of [0, LAST_SECOND]) expect(secondsOf(retimedHeader(at(7), all(seconds)))).toBe(seconds)
  })

  test.each([
    ['gnu', 345, 357],
    ['star', 476, 488],
  ] as const)('has two more in a header of %s', (magic, atime, ctime) => {
    const times = (one: number, two: number) =>
      headerBlock({ magic, raw: { 136: `${octal(5)}\0`, [atime]: `${octal(one)}\0`, [ctime]: `${octal(two)}\0` } })
    expect(retimedHeader(times(2000, 10), later(1000))).toEqual(times(1000, 10))
    const set = headerBlock({
      magic,
      raw: { 136: `${octal(9)}\0`, [atime]: `${octal(9)}\0`, [ctime]: `${octal(9)}\0` },
    })
    expect(retimedHeader(times(2000, 10), all(9))).toEqual(set)
  })

  test('is none where a header has no more times, or a part of a name in their place', () => {
    const prefixed = headerBlock({ raw: { 345: 'a-directory/of-ustar' } })
    expect(retimedHeader(prefixed, all(3))).toBe(prefixed)
    const old = headerBlock({ magic: 'gnu', raw: { 345: 'a-directory-of-gnu/and-more' } })
    expect(retimedHeader(old, all(3))).toBe(old)
    const none = headerBlock({ magic: 'gnu' })
    expect(retimedHeader(none, all(3))).toBe(none)
  })
})

describe('a time in PAX records', () => {
  const path = ['path', 'a/name'] as const

  test('of the mtime goes, and the header says it', () => {
    const before = concatenated(pax([path, ['mtime', '2000.5']]), at(2000))
    expect(retimedHeader(before, later(1000))).toEqual(concatenated(pax([path]), at(1000)))
  })

  test('goes with its header where that says nothing else, also where the header of the entry said no time', () => {
    const before = concatenated(pax([['mtime', '2000.5']]), at(0))
    expect(retimedHeader(before, later(1000))).toEqual(at(1000))
  })

  test('that is a part of a second later counts', () => {
    expect(retimedHeader(concatenated(pax([['mtime', '1000.000000001']]), at(1000)), later(1000))).toEqual(at(1000))
  })

  test.each(['1000', '999.999999999', '-5.5', '1000.0000000009'])('stays where it is not later: %s', (mtime) => {
    const before = concatenated(pax([path, ['mtime', mtime]]), at(0))
    expect(retimedHeader(before, later(1000))).toBe(before)
  })

  test('of all goes even where it is the same: it says no more than the header', () => {
    const before = concatenated(pax([['mtime', '1000']]), at(1000))
    expect(retimedHeader(before, all(1000))).toEqual(at(1000))
  })

  test('of access, change and creation become the other one', () => {
    const before = concatenated(
      pax([path, ['atime', '10'], ['ctime', '2000.25'], ['LIBARCHIVE.creationtime', '3000'], ['comment', '5000']]),
      at(5),
    )
    const records = (atime: string) =>
      pax([path, ['atime', atime], ['ctime', '1000'], ['LIBARCHIVE.creationtime', '1000'], ['comment', '5000']])
    expect(retimedHeader(before, later(1000))).toEqual(concatenated(records('10'), at(5)))
    expect(retimedHeader(before, all(1000))).toEqual(concatenated(records('1000'), at(1000)))
  })

  test('that is empty or no time stays: it says nothing', () => {
    const before = concatenated(pax([path, ['mtime', ''], ['LIBARCHIVE.creationtime', 'long ago']]), at(1000))
    expect(retimedHeader(before, all(1000))).toBe(before)
  })

  test('for all entries that follow stays where it is said', () => {
    const global = (mtime: string) => pax([['mtime', mtime], path], { type: 'g' })
    expect(retimedHeader(global('2000'), later(1000))).toEqual(global('1000'))
  })

  test('is read beside records of any bytes', () => {
    const value = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) })
    fc.assert(
      fc.property(value, fc.nat(5000), (text, mtime) => {
        const others = [['SCHILY.xattr.user.a', text] as const, ['SCHILY.xattr.user.b', `${text}\n`] as const]
        const before = concatenated(pax([...others, ['mtime', `${mtime}.5`]]), at(0))
        const after = mtime < 1000 ? before : concatenated(pax(others), at(1000))
        expect(retimedHeader(before, later(1000))).toEqual(after)
      }),
    )
  })
})

describe('a PAX header or long name', () => {
  test('has a time of its own, which becomes the other one', () => {
    const before = (seconds: number) => concatenated(pax([['path', 'name']], { seconds }), at(5))
    expect(retimedHeader(before(2000), later(1000))).toEqual(before(1000))
    expect(retimedHeader(before(10), later(1000))).toEqual(before(10))
    expect(retimedHeader(before(10), all(5))).toEqual(before(5))
  })

  test('gets none where it has none, as Go and GNU tar write it', () => {
    for (const first of [pax([['path', 'name']]), longName('name')]) {
      expect(retimedHeader(concatenated(first, at(2000)), all(1000))).toEqual(concatenated(first, at(1000)))
    }
  })
})

describe('a tar with other times', () => {
  const content = 'x'.repeat(1300)
  const size = content.length
  const tar = (seconds: number, ...records: readonly (readonly [string, string])[]) =>
    concatenated(
      member({ raw: { 136: octal(seconds) }, size }, content),
      records.length === 0 ? new Uint8Array() : pax(records),
      longName(`${'long/'.repeat(40)}name`),
      member({ raw: { 136: octal(seconds) }, size }, content),
      member({ type: '5', name: 'd/', raw: { 136: octal(5) } }),
      new Uint8Array(1024),
      latin1Bytes('what nobody reads'),
    )
  const retimed = (chunks: AsyncIterable<Uint8Array>, onEntry?: (isChanged: boolean) => void) =>
    collect(retimedTar(chunks, { retiming: later(1000), limits: DEFAULT_LIMITS, ...(onEntry && { onEntry }) }))

  test('is the same but for them, however its bytes come', async () => {
    const before = tar(2000, ['mtime', '2000.5'], ['atime', '3'])
    const after = tar(1000, ['atime', '3'])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(before.length), { maxLength: 30 }), async (cutsAt) => {
        const sorted = [...new Set(cutsAt)].sort((a, b) => a - b)
        expect(await retimed(chunksOf(before, sorted))).toEqual(after)
      }),
    )
  })

  test('tells of each entry whether it changed', async () => {
    const told: boolean[] = []
    await retimed(chunksOf(tar(2000), [700]), (isChanged) => told.push(isChanged))
    expect(told).toEqual([true, true, false])
  })

  test('is as it was behind what cannot be read, and ends where it ends', async () => {
    const [before, after] = [tar(2000), tar(1000)]
    // Inside a content, behind a member, in the long name, in the end marker, behind it.
    for (const length of [700, 2048, 2400, before.length - 1000, before.length - 1]) {
      expect(await retimed(chunksOf(before.subarray(0, length)))).toEqual(after.subarray(0, length))
    }
    const garbage = latin1Bytes('garbage'.repeat(300))
    expect(await retimed(chunksOf(garbage, [512, 513]))).toEqual(garbage)
    const late = concatenated(before.subarray(0, 2048), garbage)
    expect(await retimed(chunksOf(late, [3]))).toEqual(concatenated(after.subarray(0, 2048), garbage))
    for (const length of [0, 1, 511]) {
      const cut = before.subarray(0, length)
      expect(await retimed(chunksOf(cut))).toEqual(cut)
    }
  })
})
