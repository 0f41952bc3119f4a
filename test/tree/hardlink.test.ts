import { describe, expect, test } from 'vitest'
import { directory, file, hardlink, symlink } from '../support/layers.js'
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
})
