import { describe, expect, test } from 'vitest'
import { bytesSource } from '../../src/bytes/source.js'
import type { Member, Resolution } from '../../src/formats/files.js'
import { MemberIndex } from '../../src/formats/member-index.js'

const file = (path: string): Member => ({
  path,
  type: 'file',
  linkPath: '',
  source: bytesSource(new Uint8Array(1), path),
  offset: 512,
})
const link = (path: string, linkPath: string, type: 'symlink' | 'hardlink' = 'symlink'): Member => ({
  path,
  type,
  linkPath,
  offset: 7,
})

function indexOf(...members: readonly Member[]): MemberIndex {
  const index = new MemberIndex()
  for (const member of members) index.add(member)
  return index
}

const found = (resolution: Resolution) => (resolution.kind === 'file' ? resolution.file.path : resolution.kind)
const code = (resolution: Resolution) => (resolution.kind === 'broken' ? resolution.code : resolution.kind)

describe('a path', () => {
  test('leads to its file', () => {
    expect(found(indexOf(file('a/b')).resolve('a/b'))).toBe('a/b')
  })

  test.each([
    ['a symlink beside it', link('x/l', 'b'), file('x/b')],
    ['a symlink that climbs inside', link('x/l', '../y/b'), file('y/b')],
    ['a hard link from the root', link('x/l', 'y/b', 'hardlink'), file('y/b')],
    ['a hard link with a slash before', link('x/l', '/y/b', 'hardlink'), file('y/b')],
  ])('leads through %s', (_, from, to) => {
    expect(found(indexOf(from, to).resolve('x/l'))).toBe(to.path)
    expect(found(indexOf(to, from).resolve('x/l'))).toBe(to.path)
  })

  test('leads through a directory that is a symlink', () => {
    const index = indexOf(link('blobs/sha256', '../store'), file('store/abc'))
    expect(found(index.resolve('blobs/sha256/abc'))).toBe('store/abc')
  })

  test('that nobody wrote is missing', () => {
    expect(code(indexOf(file('a')).resolve('b'))).toBe('missing')
  })

  test.each([
    ['to itself', [link('l', 'l')], 'MEMBER_LINK_BROKEN'],
    ['round in a circle', [link('l', 'm'), link('m', 'l')], 'MEMBER_LINK_BROKEN'],
    ['to nothing', [link('l', 'gone')], 'MEMBER_LINK_BROKEN'],
    ['to a directory', [link('l', 'd'), file('d/f')], 'MEMBER_LINK_BROKEN'],
    ['above the root', [link('l', '../x')], 'MEMBER_LINK_ESCAPES'],
    ['to a file of the host', [link('l', '/etc/passwd')], 'MEMBER_LINK_ESCAPES'],
    ['above the root by a hard link', [link('l', '../x', 'hardlink')], 'MEMBER_LINK_ESCAPES'],
  ])('that leads %s is broken, and told where the link is', (_, members, expected) => {
    const resolution = indexOf(...members).resolve('l')
    expect(code(resolution)).toBe(expected)
    if (resolution.kind === 'broken' && expected === 'MEMBER_LINK_ESCAPES') expect(resolution.offset).toBe(7)
  })
})

describe('an index', () => {
  test('lists names in byte order, those of implied directories too', () => {
    const index = indexOf(file('b/c/d'), file('a'), file('B'))
    expect(index.list('')).toEqual(['B', 'a', 'b'])
    expect(index.list('b')).toEqual(['c'])
    expect(index.list('nothing')).toEqual([])
  })

  test('keeps the last of two members with one path, and tells', () => {
    const index = indexOf(file('a'))
    expect(index.add(link('a', 'b')).replaced).toMatchObject({ type: 'file' })
    expect(index.get('a')).toMatchObject({ type: 'symlink' })
  })
})
