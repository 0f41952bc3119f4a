import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/context.js'
import type { Notice } from '../../src/tar/measurement.js'
import { layerLint } from '../../src/tree/lint.js'
import { directory, file, hardlink, layerTar, symlink, type LayerEntry } from '../support/layers.js'
import { decode } from '../support/tar-blocks.js'

function lint(
  entries: readonly LayerEntry[],
  limits: Partial<Limits> = {},
): { notices: readonly Notice[]; contentSize: number } {
  const one = layerLint({ ...DEFAULT_LIMITS, ...limits })
  for (const entry of decode(layerTar(entries)).entries) one.entry(entry)
  return one.end()
}
const codes = (entries: readonly LayerEntry[]) => lint(entries).notices.map(({ code }) => code)

describe('an ordinary layer', () => {
  test('gives nothing to say', () => {
    const entries = [
      directory('./'),
      directory('etc/'),
      file('etc/a', { content: 'x' }),
      symlink('etc/l', '../etc/a'),
      hardlink('etc/h', 'etc/a'),
      file('etc/.wh.gone'),
      directory('opt/'),
      file('opt/.wh..wh..opq'),
      { path: 'dev/null', type: 'char', device: [1, 3] },
      { path: 'pipe', type: 'fifo' },
    ] as const
    expect(codes(entries)).toEqual([])
  })

  test('has the size that docker counts: files and the targets of symlinks, hard links once', () => {
    const entries = [file('a', { content: '12345' }), symlink('l', 'abc'), hardlink('h', 'a'), file('.wh.gone')]
    expect(lint(entries).contentSize).toBe(8)
  })
})

describe('what engines refuse or read differently', () => {
  test.each<readonly [string, string, readonly LayerEntry[]]>([
    ['a path that stands twice', 'ENTRY_DUPLICATE', [file('a'), file('./a')]],
    ['a root that stands twice', 'ENTRY_DUPLICATE', [directory('./'), directory('./')]],
    ['a path that climbs', 'ENTRY_UNSAFE_PATH', [file('../a')]],
    ['an unknown type', 'ENTRY_TYPE_UNSUPPORTED', [{ path: 'v', type: 'unknown' }]],
    ['a file below a file', 'ENTRY_PARENT_NOT_DIRECTORY', [file('a'), file('a/b')]],
    ['a file below a symlink', 'ENTRY_PARENT_NOT_DIRECTORY', [symlink('a', '/etc'), file('a/passwd')]],
    ['a hard link out of the root', 'ENTRY_LINK_ESCAPES', [file('x'), hardlink('a', '../x')]],
    ['a hard link to what comes later', 'ENTRY_LINK_TARGET', [hardlink('a', 'b'), file('b')]],
    ['a hard link to itself', 'ENTRY_LINK_TARGET', [hardlink('a', 'a')]],
    ['a hard link to a directory', 'ENTRY_LINK_TARGET', [directory('d/'), hardlink('a', 'd')]],
    ['a symlink that climbs', 'ENTRY_SYMLINK_CLIMBS', [symlink('a', '../x')]],
    [
      'a device that overlayfs takes for a whiteout',
      'ENTRY_DEVICE_WHITEOUT',
      [{ path: 'd', type: 'char', device: [0, 0] }],
    ],
    ['attributes of overlayfs', 'ENTRY_OVERLAY_XATTR', [file('a', { xattrs: { 'trusted.overlay.opaque': 'y' } })]],
    ['a whiteout of the directory itself', 'WHITEOUT_INVALID', [file('d/.wh..')]],
    ['a whiteout of nothing', 'WHITEOUT_INVALID', [file('.wh.')]],
    ['a whiteout of what the layer adds', 'WHITEOUT_OWN_LAYER', [file('a'), file('.wh.a')]],
    ['leftovers of AUFS', 'WHITEOUT_AUFS', [directory('.wh..wh.plnk/')]],
    ['a whiteout with content', 'ENTRY_UNSAVEABLE', [file('.wh.a', { content: 'x' })]],
    ['a name of 256 bytes', 'ENTRY_NAME_TOO_LONG', [file('n'.repeat(256))]],
    ['a path of 4096 bytes', 'ENTRY_NAME_TOO_LONG', [file('d/'.repeat(2047) + 'ff')]],
  ])('%s is %s', (_, code, entries) => {
    expect(codes(entries)).toContain(code)
  })

  test('is told with the entry and the place of its header', () => {
    const [notice] = lint([file('a', { content: 'x' }), file('a')]).notices
    expect(notice).toMatchObject({ code: 'ENTRY_DUPLICATE', entry: 'a', layerOffset: 1024 })
  })

  test('is a parent that is no directory, also where others passed it by before it came', () => {
    const told = [
      file('a/b/c/1'),
      file('a/b/c/2'),
      symlink('a/b', 'x'),
      file('a/b/c/3'),
      directory('a/b'),
      file('a/b/c/4'),
    ]
    const { notices } = lint(told)
    const parents = notices.filter(({ code }) => code === 'ENTRY_PARENT_NOT_DIRECTORY')
    expect(parents.map(({ entry }) => entry)).toEqual(['a/b/c/3'])
    expect(codes([directory('a'), file('a/b/c'), symlink('a', 'x'), file('a/b/d')])).toEqual([
      'ENTRY_DUPLICATE',
      'ENTRY_PARENT_NOT_DIRECTORY',
    ])
  })

  test('is not looked for again above each file of one deep folder', () => {
    const entries = Array.from({ length: 3000 }, (_, at) => file(`${'d/'.repeat(1000)}${String(at)}`))
    const decoded = decode(layerTar(entries)).entries
    const one = layerLint(DEFAULT_LIMITS)
    const before = process.cpuUsage()
    for (const entry of decoded) one.entry(entry)
    expect(one.end().notices).toEqual([])
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(2)
  })

  test('is not looked for above a name that no system takes, however many folders it names', () => {
    const { notices } = lint([file('a'), file(`a/${'d/'.repeat(300_000)}f`)])
    expect(notices.map(({ code }) => code)).toEqual(['ENTRY_NAME_TOO_LONG', 'LIMIT_REACHED'])
  })

  test('is a path that is too deep, as the limit says', () => {
    const { notices } = lint([file('a/b/c'), file('a/b')], { depth: 2 })
    expect(notices.map(({ code, entry }) => [code, entry])).toEqual([['LIMIT_REACHED', 'a/b/c']])
  })

  test('is told twenty times, and then counted', () => {
    const { notices } = lint(Array.from({ length: 31 }, () => file('a')))
    expect(notices).toHaveLength(21)
    expect(notices.at(-1)).toMatchObject({ code: 'ENTRY_DUPLICATE', message: '10 more like these' })
  })
})

describe('what is long but allowed', () => {
  test.each(['n'.repeat(255), 'd/'.repeat(2000) + 'f'])('a name of %#', (path) => {
    expect(lint([file(path)], { depth: 5000 }).notices).toEqual([])
  })
})
