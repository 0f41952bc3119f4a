import { describe, expect, test } from 'vitest'
import { directory, ENTRY_TIME, file, hardlink, symlink } from '../support/layers.js'
import { mergeEntries, nodeAt, paths } from '../support/trees.js'

describe('hard links', () => {
  test('share one inode, and a later layer that rewrites one name leaves the others', async () => {
    const merged = await mergeEntries(
      [file('one', { content: 'x' }), hardlink('two', 'one'), hardlink('three', '/two')],
      [file('one', { content: 'yy' })],
    )
    expect(paths(merged)).toEqual(['one', 'three', 'two = three'])
    expect(nodeAt(merged, 'two')?.inode).toMatchObject({ size: 1, layer: 0 })
    expect(nodeAt(merged, 'one')?.inode).toMatchObject({ size: 2, layer: 1 })
  })

  test('keep the content when the first name is taken away', async () => {
    const merged = await mergeEntries(
      [file('a', { content: 'x' }), hardlink('b', 'a'), hardlink('c', 'a')],
      [file('.wh.a')],
    )
    expect(paths(merged)).toEqual(['b', 'c = b'])
    expect(nodeAt(merged, 'b')?.inode.size).toBe(1)
  })

  test('to a file of a lower layer are made, and found', async () => {
    const merged = await mergeEntries([file('a')], [hardlink('b', 'a')])
    expect(paths(merged)).toEqual(['a', 'b = a'])
    expect(nodeAt(merged, 'b')).toMatchObject({ layer: 1, inode: { layer: 0 } })
    expect(merged.found).toEqual([['ENTRY_LINK_TARGET', 'b']])
  })

  test.each([
    ['a later entry', [hardlink('b', 'a'), file('a')], ['a']],
    ['nothing', [hardlink('b', 'x')], []],
    ['a directory', [directory('d'), hardlink('b', 'd')], ['d/']],
    ['themselves', [hardlink('b', 'b')], []],
    ['something below a file', [file('f'), hardlink('b', 'f/x')], ['f']],
  ])('to %s make nothing, and are found', async (_, entries, left) => {
    const merged = await mergeEntries(entries)
    expect(paths(merged)).toEqual(left)
    expect(merged.found).toEqual([['ENTRY_LINK_TARGET', 'b']])
  })

  test('to a symlink link the symlink itself', async () => {
    const merged = await mergeEntries([symlink('s', '/etc/passwd'), hardlink('h', 's')])
    expect(paths(merged)).toEqual(['h -> /etc/passwd', 's = h'])
  })

  test('that climb out of the root start there, and are found', async () => {
    const merged = await mergeEntries([file('etc/passwd'), hardlink('h', '../../etc/passwd')])
    expect(paths(merged)).toEqual(['etc/', 'etc/passwd', 'h = etc/passwd'])
    expect(merged.found).toEqual([['ENTRY_LINK_ESCAPES', 'h']])
  })

  test('give all names of the file what the last of them says', async () => {
    const merged = await mergeEntries([
      file('one', { uid: 1, mode: 0o600, content: 'x', xattrs: { 'user.a': '1', 'user.c': 'c' } }),
      hardlink('two', 'one', { uid: 5, gid: 6, mode: 0o4751, mtimeNs: 7n, xattrs: { 'user.a': '2' } }),
      hardlink('three', 'two', { uid: 8, gid: 6, mode: 0o4751, mtimeNs: 7n }),
      file('other', { uid: 1 }),
    ])
    expect(paths(merged)).toEqual(['one', 'other', 'three = one', 'two = one'])
    const { inode } = nodeAt(merged, 'one') ?? {}
    expect(inode).toMatchObject({ uid: 8, gid: 6, mode: 0o4751, mtimeNs: 7n, size: 1 })
    expect([...(inode?.xattrs.keys() ?? [])]).toEqual(['user.a', 'user.c'])
    expect(inode?.xattrs.get('user.a')).toEqual(Uint8Array.of(0x32))
    expect(nodeAt(merged, 'other')?.inode.uid).toBe(1)
  })

  test('without file capabilities take those of the file away, as a change of owner does', async () => {
    const xattrs = { 'security.capability': 'cap', 'user.a': '1' }
    const merged = await mergeEntries([
      file('ping', { mode: 0o755, xattrs }),
      hardlink('ping6', 'ping', { mode: 0o755 }),
      file('kept', { xattrs }),
      hardlink('kept2', 'kept', { xattrs }),
    ])
    expect([...(nodeAt(merged, 'ping')?.inode.xattrs.keys() ?? [])]).toEqual(['user.a'])
    expect([...(nodeAt(merged, 'kept')?.inode.xattrs.keys() ?? [])].sort()).toEqual(Object.keys(xattrs))
  })

  test('to a symlink change its owner, and neither mode nor time', async () => {
    const merged = await mergeEntries([symlink('s', 'x'), hardlink('h', 's', { uid: 5, mode: 0o600, mtimeNs: 7n })])
    expect(nodeAt(merged, 's')?.inode).toMatchObject({ uid: 5, mode: 0o777, mtimeNs: ENTRY_TIME })
  })

  test('into a lower layer leave the file as it is', async () => {
    const merged = await mergeEntries([file('a', { uid: 1 })], [hardlink('b', 'a', { uid: 5 })])
    expect(nodeAt(merged, 'b')?.inode.uid).toBe(1)
  })

  test('count only when they come after the file that has the name now', async () => {
    const merged = await mergeEntries([
      file('a', { content: 'old' }),
      hardlink('b', 'a', { uid: 5 }),
      file('a', { content: 'new', uid: 9 }),
    ])
    expect([nodeAt(merged, 'a')?.inode.uid, nodeAt(merged, 'b')?.inode.uid]).toEqual([9, 5])
  })
})
