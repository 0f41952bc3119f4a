import { describe, expect, test } from 'vitest'
import { directory, file, layersOf, symlink } from '../support/layers.js'
import { mergeEntries, mergeLayers, nodeAt, paths } from '../support/trees.js'

describe('where drivers differ', () => {
  test.each(['/usr/lib', 'usr/lib', '../../usr/lib'])(
    'an entry behind a symlink to %s is written to the target',
    async (target) => {
      const merged = await mergeEntries([file('usr/lib/a'), symlink('lib', target)], [file('lib/b'), file('lib/c')])
      expect(paths(merged)).toEqual([`lib -> ${target}`, 'usr/', 'usr/lib/', 'usr/lib/a', 'usr/lib/b', 'usr/lib/c'])
      expect(merged.found, 'once for each symlink').toEqual([['ENTRY_PARENT_NOT_DIRECTORY', 'lib/b']])
    },
  )

  test('an entry behind a symlink out of the root stays inside', async () => {
    const merged = await mergeEntries([symlink('l', '../../../tmp'), file('l/x')])
    expect(paths(merged)).toEqual(['l -> ../../../tmp', 'tmp/', 'tmp/x'])
  })

  test('an entry behind a circle of symlinks is left out', async () => {
    const merged = await mergeEntries([symlink('a', 'b'), symlink('b', 'a'), file('a/x')])
    expect(paths(merged)).toEqual(['a -> b', 'b -> a'])
    expect(merged.found).toEqual([['ENTRY_PARENT_NOT_DIRECTORY', 'a/x']])
  })

  test('an entry below a file replaces it by a directory', async () => {
    const merged = await mergeEntries([file('f'), file('f/x')])
    expect(paths(merged)).toEqual(['f/', 'f/x'])
    expect(merged.found).toEqual([['ENTRY_PARENT_NOT_DIRECTORY', 'f/x']])
  })

  test('a 0:0 device stays a device', async () => {
    const merged = await mergeEntries([file('x')], [file('x', { type: 'char', device: [0, 0] })])
    expect(nodeAt(merged, 'x')?.inode.type).toBe('char')
    expect(merged.found).toEqual([['ENTRY_DEVICE_WHITEOUT', 'x']])
  })

  test('attributes of overlayfs are left out and obeyed by nobody', async () => {
    const xattrs = { 'trusted.overlay.opaque': 'y', 'user.overlay.redirect': '/x', 'user.other': '1' }
    const merged = await mergeEntries([file('d/old')], [directory('d', { xattrs })])
    expect(paths(merged)).toEqual(['d/', 'd/old'])
    expect([...(nodeAt(merged, 'd')?.inode.xattrs.keys() ?? [])]).toEqual(['user.other'])
    expect(merged.found).toEqual([
      ['ENTRY_OVERLAY_XATTR', 'd'],
      ['ENTRY_OVERLAY_XATTR', 'd'],
    ])
  })
})

describe('hostile layers', () => {
  test('a path deeper than the limit is refused with the option that raises it', async () => {
    const deep = layersOf([file('d/'.repeat(1025) + 'f')])
    await expect(mergeLayers(deep)).rejects.toMatchObject({
      code: 'ERR_LIMIT',
      hint: expect.stringContaining('--limit-depth'),
    })
    expect(paths(await mergeLayers(deep, { depth: 2000 }))).toHaveLength(1026)
  })

  test('links that build a deeper tree than the limit are refused', async () => {
    const chain = [directory('a/b/c/d/e'), symlink('l', 'a/b/c/d/e'), file('l/f/g/h/i/j')]
    await expect(mergeLayers(layersOf(chain), { depth: 8 })).rejects.toMatchObject({ code: 'ERR_LIMIT' })
  })

  test('a name deeper than the limit is refused in a directory that is there, behind a link to it', async () => {
    const known = [directory('a/b/c/d/e'), symlink('l', 'a/b/c/d'), file('l/x')]
    expect(paths(await mergeLayers(layersOf(known), { depth: 5 }))).toContain('a/b/c/d/x')
    const deeper = layersOf([...known, file('l/e/x')])
    await expect(mergeLayers(deeper, { depth: 5 })).rejects.toMatchObject({ code: 'ERR_LIMIT' })
  })

  test('implied directories count as entries', async () => {
    const wide = layersOf([file('a/a/a/a'), file('b/b/b/b')])
    await expect(mergeLayers(wide, { entries: 7 })).rejects.toMatchObject({ code: 'ERR_LIMIT' })
    expect(paths(await mergeLayers(wide, { entries: 8 }))).toHaveLength(8)
  })

  test('of one kind of finding there are a hundred, and a count of the others', async () => {
    const merged = await mergeEntries(Array.from({ length: 250 }, (_, at) => file(`d${at}/.wh.`)))
    expect(merged.found).toHaveLength(101)
    expect(merged.found.at(-1)).toEqual(['WHITEOUT_INVALID', undefined])
  })
})
