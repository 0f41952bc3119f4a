import { expect, test } from 'vitest'
import { isAufsLink, whiteoutOf } from '../../src/tree/whiteout.js'

test('a whiteout names what it hides, in its own directory', () => {
  expect(whiteoutOf('.wh.a')).toEqual({ kind: 'whiteout', path: 'a' })
  expect(whiteoutOf('etc/.wh.passwd')).toEqual({ kind: 'whiteout', path: 'etc/passwd' })
  expect(whiteoutOf('etc/.wh..hidden')).toEqual({ kind: 'whiteout', path: 'etc/.hidden' })
})

test('an opaque marker names its directory', () => {
  expect(whiteoutOf('etc/.wh..wh..opq')).toEqual({ kind: 'opaque', path: 'etc' })
  expect(whiteoutOf('.wh..wh..opq')).toEqual({ kind: 'opaque', path: '' })
})

test.each(['x.wh.y', 'etc/somewhere.wh.', '.whx', 'wh.a', 'dir.wh.d/file'])('%s is a name like any other', (key) => {
  expect(whiteoutOf(key)).toBeUndefined()
})

test.each(['.wh.', 'etc/.wh..', 'etc/.wh...'])('%s would aim at a directory or its parent and is invalid', (key) => {
  expect(whiteoutOf(key)?.kind).toBe('invalid')
})

test.each(['.wh.d/file', 'a/.wh.d/b/c', 'd/.wh..wh..opq/file'])(
  '%s lies below a whiteout, where nothing can be',
  (key) => {
    expect(whiteoutOf(key)?.kind).toBe('invalid')
  },
)

test.each(['.wh..wh.aufs', '.wh..wh.orph', '.wh..wh.plnk', '.wh..wh.plnk/1.2', 'd/.wh..wh.x'])(
  '%s was left by AUFS',
  (key) => {
    expect(whiteoutOf(key)).toEqual({ kind: 'aufs' })
  },
)

test('AUFS keeps the contents of hard links at the root only', () => {
  expect(isAufsLink('.wh..wh.plnk/1.2')).toBe(true)
  expect(isAufsLink('d/.wh..wh.plnk/1.2')).toBe(false)
  expect(isAufsLink('.wh..wh.plnk')).toBe(false)
})
