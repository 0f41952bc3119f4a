import { describe, expect, test } from 'vitest'
import { parseInteger } from '../../src/tar/pax.js'
import { latin1 } from '../../src/tar/path.js'
import { decode, gnuLong, headerBlock, member, onlyEntry, pax, paxRecord, tarOf } from '../support/tar-blocks.js'

const local = (content: string) => member({ name: 'PaxHeaders/name', type: 'x' }, content)
const faultOf = (...parts: readonly Uint8Array[]) => decode(tarOf(...parts)).end.fault

describe('PAX records', () => {
  test('win over the header', () => {
    const records = pax([
      ['path', 'other'],
      ['linkpath', 'target'],
      ['uid', '3000000000'],
      ['gid', '-7'],
      ['uname', 'jürgen'],
      ['gname', 'g'],
      ['mtime', '12.5'],
    ])
    expect(onlyEntry(records, headerBlock({ link: 'l' }))).toMatchObject({
      path: 'other',
      linkPath: 'target',
      uid: 3_000_000_000,
      gid: -7,
      uname: 'jürgen',
      gname: 'g',
      mtimeNs: 12_500_000_000n,
    })
  })

  test('say where the content ends', () => {
    const { contents, end } = decode(
      tarOf(pax([['size', '3']]), headerBlock({ size: 1 }), member({}, 'abc').slice(512)),
    )
    expect(contents).toEqual(['abc'])
    expect(end.fault).toBeUndefined()
  })

  test('with no value leave the header as it is', () => {
    expect(onlyEntry(pax([['path', ''], ['uid', '']]), headerBlock())).toMatchObject({ path: 'name', uid: 1 }) // prettier-ignore
  })

  test('of a second header replace those of the first', () => {
    const entry = onlyEntry(pax([['path', 'first'], ['uid', '9']]), pax([['gid', '8']]), headerBlock()) // prettier-ignore
    expect(entry).toMatchObject({ path: 'name', uid: 1, gid: 8 })
    expect([...entry.pax.keys()]).toEqual(['gid'])
  })

  test('count for one entry only', () => {
    const { entries } = decode(tarOf(pax([['path', 'first']]), headerBlock(), headerBlock()))
    expect(entries.map(({ path }) => path)).toEqual(['first', 'name'])
  })

  test('keep their bytes, whatever they are, and any key', () => {
    const records = [
      ['SCHILY.xattr.security.capability', '\0\x01\xff=\n'],
      ['__proto__', 'x'],
      ['', 'no key'],
    ] as const
    const entry = onlyEntry(pax(records), headerBlock())
    expect([...entry.pax].map(([key, value]) => [key, latin1(value)])).toEqual(records)
  })

  test('of a global header are told and applied to nothing', () => {
    const { entries } = decode(tarOf(pax([['uid', '9'], ['path', 'all']], 'g'), headerBlock())) // prettier-ignore
    expect(entries.map(({ path, type, uid, size }) => ({ path, type, uid, size }))).toEqual([
      { path: 'all', type: 'global', uid: 1, size: 0 },
      { path: 'name', type: 'file', uid: 1, size: 0 },
    ])
  })

  test('before a global header are lost, as in Go', () => {
    const { entries } = decode(tarOf(pax([['path', 'lost']]), pax([['comment', 'c']], 'g'), headerBlock()))
    expect(entries.map(({ path }) => path)).toEqual(['PaxHeaders/name', 'name'])
  })

  test.each([
    ['no length', 'path=x\n', 'has no valid length'],
    ['a length that is no number', 'x path=x\n', 'has no valid length'],
    ['a length of 4', '4 =\n', 'has no valid length'],
    ['a length beyond the end', '99 path=x\n', 'has no valid length'],
    ['a megabyte of digits', '1'.repeat(1_000_000), 'has no valid length'],
    ['a length that ends elsewhere', '9 path=xy\n', 'does not end where its length says'],
    ['a length that ends inside itself', '00005 =\n', 'does not end where its length says'],
    ['no =', '9 pathxx\n', 'has no ='],
    ['a NUL in a path', paxRecord('path', 'a\0'), 'holds a NUL'],
    ['a NUL in a key', paxRecord('a\0b', 'x'), 'holds a NUL'],
    ['a time that is none', paxRecord('mtime', '1x'), 'mtime is no time'],
    ['a time with a letter in the fraction', paxRecord('mtime', '1.2x'), 'mtime is no time'],
    ['a time in scientific notation', paxRecord('mtime', '1e9'), 'mtime is no time'],
    ['an access time that is none', paxRecord('atime', 'x'), 'atime is no time'],
    ['a number that is none', paxRecord('uid', '1x'), 'uid is no number'],
    ['a size beyond 64 bits', paxRecord('size', '9223372036854775808'), 'size is no number'],
  ])('are refused with %s', (_, content, message) => {
    const fault = faultOf(local(content), headerBlock())
    expect(fault?.kind).toBe('pax')
    expect(fault?.message).toContain(message)
  })

  test.each([
    ['1', 1_000_000_000n],
    ['-1', -1_000_000_000n],
    ['1.5', 1_500_000_000n],
    ['-1.5', -1_500_000_000n],
    ['-0.25', -250_000_000n],
    ['1.1234567899', 1_123_456_789n],
    ['1.', 1_000_000_000n],
    ['+3', 3_000_000_000n],
    ['9223372036854775807', 9_223_372_036_854_775_807n * 1_000_000_000n],
  ])('give the time %s', (text, ns) => {
    expect(onlyEntry(pax([['mtime', text]]), headerBlock()).mtimeNs).toBe(ns)
  })

  test('may be as long as the limit allows', () => {
    const record = pax([['comment', 'x'.repeat(3000)]])
    const tar = tarOf(record, headerBlock())
    expect(decode(tar, { pax: 4000 }).end.fault).toBeUndefined()
    expect(decode(tar, { pax: 3000 }).end.fault).toMatchObject({ kind: 'limit', offset: 0 })
  })
})

describe('GNU long names', () => {
  test.each([
    ['before', [gnuLong('L', 'long'), pax([['path', 'pax']])]],
    ['after', [pax([['path', 'pax']]), gnuLong('L', 'long')]],
  ])('win over a PAX path, also when they stand %s it', (_, parts) => {
    expect(onlyEntry(...parts, headerBlock()).path).toBe('long')
  })

  test('end at their first NUL or with their bytes', () => {
    const unended = member({ type: 'K', magic: 'gnu' }, 'target')
    expect(onlyEntry(gnuLong('L', 'a\0b'), unended, headerBlock({ type: '2' }))).toMatchObject({
      path: 'a',
      linkPath: 'target',
    })
  })

  test('with no bytes say nothing', () => {
    expect(onlyEntry(gnuLong('L', ''), headerBlock()).path).toBe('name')
  })

  test('of negative size are refused', () => {
    expect(faultOf(headerBlock({ type: 'L', raw: { 124: '\xff'.repeat(12) } }))?.kind).toBe('size')
  })
})

describe('a decimal number', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['+7', 7],
    ['000000000000000000000000000007', 7],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9223372036854775808', undefined],
    ['', undefined],
    ['-', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    [' 1', undefined],
    ['1_000', undefined],
  ])('is read from %j as %s', (text, value) => {
    expect(parseInteger(text)).toBe(value)
  })
})
