import { describe, expect, test } from 'vitest'
import { ENTRY_TIME, directory, file, hardlink, symlink } from '../support/layers.js'
import { mergeEntries, nodeAt, paths } from '../support/trees.js'

describe('adding', () => {
  test('every field of an entry reaches its node', async () => {
    const entry = file('f', {
      content: 'four',
      mode: 0o4755,
      uid: 4_294_967_294,
      gid: 7,
      mtimeNs: -1_500_000_000n,
      xattrs: { 'user.k': 'v\0\xff' },
    })
    const node = nodeAt(await mergeEntries([entry]), 'f')
    expect(node).toMatchObject({ layer: 0, header: { offset: 0 } })
    expect(node?.inode).toMatchObject({
      type: 'file',
      mode: 0o4755,
      uid: 4_294_967_294,
      gid: 7,
      size: 4,
      mtimeNs: -1_500_000_000n,
    })
    expect(node?.inode.content).toEqual({ offset: node?.header?.length, length: 4 })
    expect([...(node?.inode.xattrs ?? [])]).toEqual([['user.k', new Uint8Array([0x76, 0, 0xff])]])
  })

  test('devices keep their numbers and pipes are pipes', async () => {
    const merged = await mergeEntries([file('null', { type: 'char', device: [1, 3] }), file('p', { type: 'fifo' })])
    expect(nodeAt(merged, 'null')?.inode).toMatchObject({ type: 'char', devMajor: 1, devMinor: 3 })
    expect(nodeAt(merged, 'p')?.inode.type).toBe('fifo')
    expect(merged.found).toEqual([])
  })

  test('names are bytes, and every spelling of a path is the same', async () => {
    const merged = await mergeEntries([directory('./d/'), file('/d//caf\xe9'), file('d/x/../y')])
    expect(paths(merged)).toEqual(['d/', 'd/caf\xe9', 'd/y'])
  })

  test('a directory before what is in it, names by their bytes', async () => {
    const merged = await mergeEntries([file('a/b'), file('a-b'), file('a.b'), file('B'), file('\xff'), file('\x01')])
    expect(paths(merged)).toEqual(['\x01', 'B', 'a/', 'a/b', 'a-b', 'a.b', '\xff'])
  })

  test('a path implies its directories: 0755, of root, without a header', async () => {
    const node = nodeAt(await mergeEntries([file('a/b/c')]), 'a/b')
    expect(node).toMatchObject({ layer: 0, header: undefined, inode: { mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n } })
  })

  test('an implied directory keeps the metadata that lower layers gave it', async () => {
    const merged = await mergeEntries([directory('d', { mode: 0o700, uid: 5 })], [file('d/f')])
    expect(nodeAt(merged, 'd')).toMatchObject({ layer: 0, inode: { mode: 0o700, uid: 5 } })
  })

  test('a directory that is added again takes the metadata and keeps what is in it', async () => {
    const merged = await mergeEntries([directory('d'), file('d/f')], [directory('d', { mode: 0o1777, mtimeNs: 5n })])
    expect(paths(merged)).toEqual(['d/', 'd/f'])
    expect(nodeAt(merged, 'd')).toMatchObject({ layer: 1, inode: { mode: 0o1777, mtimeNs: 5n } })
    expect(nodeAt(merged, 'd/f')?.layer).toBe(0)
  })

  test.each([
    ['a file', file('d')],
    ['a symlink', symlink('d', 'x')],
    ['a pipe', file('d', { type: 'fifo' })],
  ])('%s in the place of a directory takes away all that was in it', async (_, entry) => {
    const merged = await mergeEntries([directory('d'), file('d/a/b/f')], [entry])
    expect(paths(merged)).toHaveLength(1)
    expect(nodeAt(merged, 'd')?.inode.type).toBe(entry.type ?? 'file')
  })

  test('a directory takes the place of a file or symlink', async () => {
    const merged = await mergeEntries(
      [file('f'), symlink('l', 'd'), file('d/x')],
      [directory('f'), directory('l'), file('l/y')],
    )
    expect(paths(merged)).toEqual(['d/', 'd/x', 'f/', 'l/', 'l/y'])
  })

  test('an entry for the root gives the root its metadata', async () => {
    const { tree } = await mergeEntries([file('f'), directory('./', { mode: 0o700, uid: 3 })])
    expect(tree.root).toMatchObject({ layer: 0, inode: { mode: 0o700, uid: 3, mtimeNs: ENTRY_TIME } })
    expect([...tree.root.inode.children.keys()]).toEqual(['f'])
  })

  test('nothing else can take the place of the root', async () => {
    const merged = await mergeEntries([file('f'), symlink('.', '/etc')])
    expect(paths(merged)).toEqual(['f'])
    expect(merged.found).toEqual([['ENTRY_UNSAFE_PATH', '']])
  })

  test('a path that stands twice counts the second time, and is found', async () => {
    const merged = await mergeEntries([file('a', { content: '1' }), file('./a', { content: '22' })])
    expect(nodeAt(merged, 'a')?.inode.size).toBe(2)
    expect(merged.found).toEqual([['ENTRY_DUPLICATE', 'a']])
  })

  test('an entry that leads above the root starts there, and is found', async () => {
    const merged = await mergeEntries([file('../../tmp/x')])
    expect(paths(merged)).toEqual(['tmp/', 'tmp/x'])
    expect(merged.found).toEqual([['ENTRY_UNSAFE_PATH', 'tmp/x']])
  })

  test('what docker refuses makes nothing, and is found', async () => {
    const merged = await mergeEntries([file('v', { type: 'unknown' }), file('f')])
    expect(paths(merged)).toEqual(['f'])
    expect(merged.found).toEqual([['ENTRY_TYPE_UNSUPPORTED', 'v']])
  })
})

describe('taking away', () => {
  const base = [directory('d'), file('d/a'), file('d/b/c'), file('f')]

  test('a whiteout takes away a name and all below it', async () => {
    expect(paths(await mergeEntries(base, [file('.wh.d')]))).toEqual(['f'])
    expect(paths(await mergeEntries(base, [file('d/.wh.b'), file('.wh.f')]))).toEqual(['d/', 'd/a'])
  })

  test('a whiteout of nothing does nothing', async () => {
    const merged = await mergeEntries(base, [file('.wh.x'), file('f/.wh.x')])
    expect(paths(merged)).toEqual(paths(await mergeEntries(base)))
    expect(merged.found).toEqual([])
  })

  test.each(['directory', 'symlink', 'char', 'file'] as const)('a whiteout may be a %s', async (type) => {
    expect(paths(await mergeEntries(base, [file('.wh.d', { type, linkPath: type === 'symlink' ? 'x' : '' })]))).toEqual(
      ['f'],
    )
  })

  test('an opaque directory keeps nothing of lower layers but its own metadata', async () => {
    const merged = await mergeEntries(
      [...base, directory('d', { mode: 0o711 })],
      [file('d/new'), file('d/.wh..wh..opq')],
    )
    expect(paths(merged)).toEqual(['d/', 'd/new', 'f'])
    expect(nodeAt(merged, 'd')?.inode.mode).toBe(0o711)
  })

  test('a marker implies its directory, unless the layer hides that or a file is in the way', async () => {
    expect(paths(await mergeEntries([file('n/.wh..wh..opq'), file('m/o/.wh.x')]))).toEqual(['m/', 'm/o/', 'n/'])
    expect(paths(await mergeEntries(base, [file('.wh.d'), file('d/b/.wh.c'), file('d/x/.wh.y')]))).toEqual(['f'])
    expect(paths(await mergeEntries([file('f')], [file('f/.wh..wh..opq'), file('f/x/.wh.y')]))).toEqual(['f'])
    expect(paths(await mergeEntries([symlink('l', 'none')], [file('l/.wh.x')]))).toEqual(['l -> none'])
  })

  test('an opaque root takes away everything, and is found, since overlay2 does not', async () => {
    const merged = await mergeEntries(base, [file('.wh..wh..opq'), file('new')])
    expect(paths(merged)).toEqual(['new'])
    expect(merged.found).toEqual([['WHITEOUT_ROOT', '.wh..wh..opq']])
  })

  test.each([
    ['before', [file('.wh.d'), directory('d'), file('d/new')]],
    ['after', [directory('d'), file('d/new'), file('.wh.d')]],
  ])('a whiteout %s what its own layer adds hides only lower layers, and is found', async (_, upper) => {
    const merged = await mergeEntries(base, upper)
    expect(paths(merged)).toEqual(['d/', 'd/new', 'f'])
    expect(merged.found).toEqual([['WHITEOUT_OWN_LAYER', '.wh.d']])
  })

  test('impossible whiteouts do nothing, and are found', async () => {
    const merged = await mergeEntries(base, [file('d/.wh.'), file('d/.wh..'), file('d/.wh...'), file('.wh.d/x')])
    expect(paths(merged)).toEqual(paths(await mergeEntries(base)))
    expect(merged.found.map(([code]) => code)).toEqual(Array(4).fill('WHITEOUT_INVALID'))
  })

  test('the books of AUFS are left out but for the contents of hard links', async () => {
    const layer = [file('.wh..wh.aufs'), directory('.wh..wh.orph'), file('.wh..wh.plnk/1.2', { content: 'data' })]
    const merged = await mergeEntries([...layer, hardlink('h', '.wh..wh.plnk/1.2'), hardlink('i', '.wh..wh.plnk/1.2')])
    expect(paths(merged)).toEqual(['h', 'i = h'])
    expect(nodeAt(merged, 'h')?.inode.size).toBe(4)
    expect(new Set(merged.found.map(([code]) => code))).toEqual(new Set(['WHITEOUT_AUFS']))
  })

  test('a directory in the place of a symlink is opaque without touching what the symlink led to', async () => {
    const lower = [file('real/keep'), symlink('l', 'real')]
    for (const upper of [
      [directory('l'), file('l/.wh..wh..opq'), file('l/new')],
      [file('l/.wh..wh..opq'), file('l/.wh.keep'), directory('l'), file('l/new')],
    ]) {
      expect(paths(await mergeEntries(lower, upper))).toEqual(['l/', 'l/new', 'real/', 'real/keep'])
    }
  })

  test('a whiteout behind a symlink that stays takes away what the symlink leads to', async () => {
    const merged = await mergeEntries([file('real/gone'), symlink('l', 'real')], [file('l/.wh.gone')])
    expect(paths(merged)).toEqual(['l -> real', 'real/'])
  })
})
