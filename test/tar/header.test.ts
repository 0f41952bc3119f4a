import { describe, expect, test } from 'vitest'
import { decode, headerBlock, member, onlyEntry, tarOf } from '../support/tar-blocks.js'

const faultOf = (...parts: readonly Uint8Array[]) => decode(tarOf(...parts)).end.fault

describe('numbers', () => {
  test.each([
    ['padded with spaces and NULs', ' \0 755 \0', 0o755],
    ['cut at a NUL between digits', '75\x0012\0\0\0', 0o75],
    ['empty', '\0\0\0\0\0\0\0\0', 0],
    ['in binary', '\x80\0\0\0\0\0\x10\x01', 0x1001],
    ['negative in binary', '\xff\xff\xff\xff\xff\xff\xff\xff', -1],
    ['minus two in binary', '\xff\xff\xff\xff\xff\xff\xff\xfe', -2],
    ['in binary with seven bits in the first byte', '\x81\0\0\0\0\0\0\0', 2 ** 56],
  ])('are read when %s', (_, field, uid) => {
    expect(onlyEntry(headerBlock({ raw: { 108: field } })).uid).toBe(uid)
  })

  test.each([
    ['letters', 100, '000z644\0', 'mode'],
    ['a digit that is not octal', 108, '0000008\0', 'uid'],
    ['a sign', 116, '-000001\0', 'gid'],
    ['spaces between digits', 124, '0000 000001\0', 'size'],
    ['more than 64 bits', 136, '\x80\xff' + '\0'.repeat(10), 'mtime'],
    ['letters in a device number', 329, 'x000000\0', 'devmajor'],
  ])('are refused with %s', (_, at, field, name) => {
    const fault = faultOf(headerBlock({ raw: { [at]: field } }))
    expect(fault).toEqual({ kind: 'header', offset: 0, message: `the header's ${name} is no number` })
  })

  test('of devices are not looked at without a magic', () => {
    expect(onlyEntry(headerBlock({ magic: 'v7', raw: { 329: 'x' } })).devMajor).toBe(0)
  })

  test('of time keep all 64 bits', () => {
    const entry = onlyEntry(headerBlock({ raw: { 136: '\xff\xff\xff\xff\x80\0\0\0\0\0\0\0' } }))
    expect(entry.mtimeNs).toBe(-(2n ** 63n) * 1_000_000_000n)
  })
})

describe('the checksum', () => {
  test.each(['unsigned', 'signed'] as const)('may add %s bytes', (checksum) => {
    expect(onlyEntry(headerBlock({ name: 'na\xefve', checksum })).path).toBe('naïve')
  })

  test('must fit', () => {
    expect(faultOf(member({ name: 'a' }, 'x'), headerBlock({ checksum: 'wrong' }))).toMatchObject({
      kind: 'checksum',
      offset: 1024,
    })
  })

  test('is not looked for in words that overflow: a block of all ones is summed right', () => {
    const message = /its bytes add up to 128776$/
    const { fault } = decode(new Uint8Array(512).fill(0xff)).end
    expect(fault?.message).toMatch(message)
  })
})

describe('names', () => {
  test('of ustar take the prefix, also one that fills its field', () => {
    const prefix = 'p'.repeat(155)
    expect(onlyEntry(headerBlock({ name: 'n'.repeat(100), raw: { 345: prefix } })).path).toBe(
      `${prefix}/${'n'.repeat(100)}`,
    )
  })

  test('of star have a prefix of 131 bytes', () => {
    const raw = { 345: 'p'.repeat(131), 476: '00000000001\x0000000000002\0' }
    expect(onlyEntry(headerBlock({ magic: 'star', raw })).path).toBe(`${'p'.repeat(131)}/name`)
  })

  test('of GNU have no prefix: its times are there', () => {
    expect(onlyEntry(headerBlock({ magic: 'gnu', raw: { 345: '00000000001\x0000000000002\0' } })).path).toBe('name')
  })

  test('of GNU take a prefix where the times are no numbers, as Go once wrote', () => {
    expect(onlyEntry(headerBlock({ magic: 'gnu', raw: { 345: 'some/where' } })).path).toBe('some/where/name')
  })

  test('of V7 have nothing but the name', () => {
    const entry = onlyEntry(headerBlock({ magic: 'v7', raw: { 265: 'root', 345: 'prefix' } }))
    expect(entry).toMatchObject({ path: 'name', uname: '', gname: '' })
  })

  test('are bytes; what is no UTF-8 is shown as latin1', () => {
    const entry = onlyEntry(headerBlock({ name: 'l\xe9', link: '\xff', type: '2' }))
    expect([...entry.rawPath]).toEqual([0x6c, 0xe9])
    expect(entry).toMatchObject({ path: 'lé', linkPath: 'ÿ' })
  })
})
