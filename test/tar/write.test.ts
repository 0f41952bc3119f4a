import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { latin1, latin1Bytes } from '../../src/tar/path.js'
import { tarHeader, type TarHeaderFields } from '../../src/tar/write.js'
import { concatenated } from '../support/chunks.js'
import { decode, onlyEntry, paxRecord } from '../support/tar-blocks.js'

type Parts = Partial<TarHeaderFields> & { readonly path?: string; readonly linkPath?: string }

function fields({ path = 'name', linkPath = '', ...rest }: Parts): TarHeaderFields {
  return {
    rawPath: latin1Bytes(path),
    rawLinkPath: latin1Bytes(linkPath),
    typeflag: '0',
    mode: 0o644,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    size: 0,
    mtimeNs: 0n,
    devMajor: 0,
    devMinor: 0,
    ...rest,
  }
}

const text = (header: Uint8Array, at: number, length: number) => latin1(header.subarray(at, at + length))
const trimmed = (header: Uint8Array, at: number, length: number) => text(header, at, length).replace(/\0+$/, '')

describe('a header', () => {
  test('has the fields of ustar, zero-padded and ended as Go ends them', () => {
    const header = tarHeader(
      fields({ path: 'dev/null', typeflag: '3', mode: 0o20666, uid: 5, gid: 6, uname: 'u', gname: 'g', mtimeNs: 1_700_000_000_000_000_000n, devMajor: 1, devMinor: 3 }), // prettier-ignore
    )
    expect(header).toHaveLength(512)
    expect(trimmed(header, 0, 100)).toBe('dev/null')
    expect(text(header, 100, 48)).toBe('0020666\x000000005\x000000006\x0000000000000\x0014524770400\0')
    expect(text(header, 148, 9)).toMatch(/^[0-7]{6}\0 3$/)
    expect(text(header, 257, 8)).toBe('ustar\x0000')
    expect(text(header, 329, 16)).toBe('0000001\x000000003\0')
  })

  test.each([
    ['exactly 100 bytes', 'n'.repeat(100), '', 'n'.repeat(100)],
    ['101 bytes with a slash', `d/${'n'.repeat(99)}`, 'd', 'n'.repeat(99)],
    ['two slashes: the last one that fits', `a/b/${'n'.repeat(98)}`, 'a/b', 'n'.repeat(98)],
    ['156 bytes before the slash at most', `${'p'.repeat(155)}/${'n'.repeat(100)}`, 'p'.repeat(155), 'n'.repeat(100)],
    ['a directory', `d/${'n'.repeat(98)}/`, 'd', `${'n'.repeat(98)}/`],
  ])('of a name of %s needs no PAX', (_, path, prefix, name) => {
    const header = tarHeader(fields({ path, typeflag: path.endsWith('/') ? '5' : '0' }))
    expect(header).toHaveLength(512)
    expect(trimmed(header, 345, 155)).toBe(prefix)
    expect(trimmed(header, 0, 100)).toBe(name)
  })

  test.each([
    ['a name that cannot be split', { path: 'n'.repeat(101) }, { path: 'n'.repeat(101) }],
    ['a name whose last part is too long', { path: `d/${'n'.repeat(101)}` }, { path: `d/${'n'.repeat(101)}` }],
    ['a name that is not ASCII', { path: 'n\xe9' }, { path: 'n\xe9' }],
    ['a long link target', { linkPath: 'l'.repeat(101), typeflag: '2' }, { linkpath: 'l'.repeat(101) }],
    ['a long user name', { uname: 'u'.repeat(33) }, { uname: 'u'.repeat(33) }],
    ['a user name that is not ASCII', { gname: 'é' }, { gname: '\xc3\xa9' }],
    ['large owners', { uid: 3_000_000, gid: 3_000_001 }, { gid: '3000001', uid: '3000000' }],
    ['negative owners', { uid: -1 }, { uid: '-1' }],
    ['a large size', { size: 2 ** 33 }, { size: '8589934592' }],
    ['a late time', { mtimeNs: 2n ** 33n * 1_000_000_000n }, { mtime: '8589934592' }],
    ['an early time', { mtimeNs: -1_000_000_000n }, { mtime: '-1' }],
    ['a fraction of a second', { mtimeNs: 1_500_000_000n }, { mtime: '1.5' }],
    ['a fraction before 1970', { mtimeNs: -1_500_000_000n }, { mtime: '-1.5' }],
    ['a nanosecond before 1970', { mtimeNs: -1n }, { mtime: '-0.000000001' }],
  ])('of %s has a PAX header with that record alone', (_, parts, records) => {
    const header = tarHeader(fields(parts))
    expect(trimmed(header, 156, 1)).toBe('x')
    const size = Number.parseInt(text(header, 124, 11), 8)
    const expected = Object.entries(records).map(([key, value]) => paxRecord(key, value))
    expect(text(header, 512, size)).toBe(expected.join(''))
  })

  test('carries records as they are, sorted by their bytes', () => {
    const records = new Map([
      ['SCHILY.xattr.user.z', latin1Bytes('\0\xff')],
      ['SCHILY.xattr.security.capability', latin1Bytes('\x01\0\n=')],
    ])
    const header = tarHeader(fields({ records, uid: 3_000_000 }))
    const body = [
      paxRecord('SCHILY.xattr.security.capability', '\x01\0\n='),
      paxRecord('SCHILY.xattr.user.z', '\0\xff'),
      paxRecord('uid', '3000000'),
    ].join('')
    expect(text(header, 512, body.length)).toBe(body)
    expect(text(header, 1024 + 108, 8)).toBe('0000000\0')
  })

  test('repeats the path in PAX where something else needs PAX, as Go does not use the prefix then', () => {
    const path = `d/${'n'.repeat(99)}`
    const header = tarHeader(fields({ path, uid: 3_000_000 }))
    expect(text(header, 512, 300)).toContain(paxRecord('path', path))
    expect(trimmed(header, 1024 + 345, 155)).toBe('')
  })

  test.each([
    ['d/n\xe9', 'd/PaxHeaders.0/n'],
    ['./a/../n\xe9', 'PaxHeaders.0/n'],
    ['d\xe9/', 'd/PaxHeaders.0'],
    [`${'d'.repeat(90)}/\xe9`, `${'d'.repeat(90)}/PaxHeader`],
  ])('of %j names its PAX header %j', (path, name) => {
    expect(trimmed(tarHeader(fields({ path, typeflag: '5' })), 0, 100)).toBe(name)
  })

  test('cuts a name that does not fit, and does not let the cut make a directory of it', () => {
    const header = tarHeader(fields({ path: `${'n'.repeat(98)}//${'m'.repeat(60)}${'o'.repeat(60)}` }))
    expect(text(header.subarray(1024), 97, 3)).toBe('n\0/')
  })

  test.each([
    ['a mode', { mode: 0o10000000 }],
    ['a negative mode', { mode: -1 }],
    ['a device number', { devMajor: 0o10000000 }],
    ['a negative size', { size: -1 }],
    ['a NUL in a name', { path: 'a\0b' }],
    ['a slash after a file', { path: 'a/' }],
    ['megabytes of records', { records: new Map([['k', new Uint8Array(2 << 20)]]) }],
  ])('is refused for %s that cannot be written', (_, parts) => {
    expect(() => tarHeader(fields(parts))).toThrow(expect.objectContaining({ code: 'ERR_OUTPUT' }))
  })
})

test('writes a docker export again, byte for byte', () => {
  const tar = new Uint8Array(readFileSync(join(import.meta.dirname, '../../samples/app-export.tar')))
  const { entries } = decode(tar)
  const written = entries.map((entry) => {
    const records = new Map([...entry.pax].filter(([key]) => key.startsWith('SCHILY.xattr.')))
    const { offset, length } = entry.content
    const padded = tar.subarray(offset, offset + Math.ceil(length / 512) * 512)
    return concatenated(tarHeader({ ...entry, records }), padded)
  })
  expect(entries.some(({ pax }) => pax.size > 0)).toBe(true)
  expect(Buffer.compare(concatenated(...written, new Uint8Array(1024)), tar)).toBe(0)
})

test('what is written is read again', () => {
  const written = fields({
    path: `${'long/'.repeat(60)}\xff`,
    linkPath: '\x80target',
    typeflag: '2',
    mode: 0o777,
    uid: 4_294_967_294,
    gid: 2_097_152,
    uname: 'ü',
    gname: 'g'.repeat(40),
    mtimeNs: -1_234_567_890_123_456_789n,
  })
  const entry = onlyEntry(tarHeader(written))
  expect([...entry.pax.keys()]).toEqual(['gid', 'gname', 'linkpath', 'mtime', 'path', 'uid', 'uname'])
  const { rawPath, rawLinkPath, typeflag, mode, uid, gid, uname, gname, size, mtimeNs, devMajor, devMinor } = entry
  const read = { rawPath, rawLinkPath, typeflag, mode, uid, gid, uname, gname, size, mtimeNs, devMajor, devMinor }
  expect(written).toEqual(read)
})
