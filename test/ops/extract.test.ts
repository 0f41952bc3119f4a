import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runContext, DEFAULT_LIMITS } from '../../src/context.js'
import { extract } from '../../src/ops/extract.js'
import { readFiles } from '../../src/ops/read-file.js'
import { collect } from '../support/chunks.js'
import { freshFolder } from '../support/folder.js'
import { directory, file, hardlink, layersOf, missingLayer, symlink, type LayerEntry } from '../support/layers.js'
import { ArchiveError } from '../../src/errors.js'

const inFolder = freshFolder()
let target: string
const context = runContext()

beforeEach(() => {
  target = inFolder('target')
  mkdirSync(target)
})

async function extracted(globs: readonly string[], ...layers: readonly (readonly LayerEntry[])[]) {
  const options = { archive: 'test.tar', globs, sameOwner: false }
  const extraction = await extract(layersOf(...layers), options, context)
  const unplanted = await extraction.into(target, 'out')
  return unplanted.map(({ located, what, detail }) => [located.path, what, detail])
}

/** Every name below the target, links not followed. */
function names(at = ''): string[] {
  return readdirSync(join(target, at), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(at, entry.name)
      return entry.isDirectory() ? [path, ...names(path)] : [path]
    })
    .sort()
}
const read = (path: string) => readFileSync(join(target, path), 'utf8')

describe('what layers make together', () => {
  test('is written with contents, modes, times and links', async () => {
    await extracted(
      [],
      [
        directory('d', { mode: 0o500 }),
        file('d/f', { content: 'text', mode: 0o444 }),
        hardlink('h', 'd/f', { mode: 0o444 }),
        symlink('s', 'd/f'),
      ],
    )
    expect(names()).toEqual(['d', 'd/f', 'h', 's'])
    expect([read('d/f'), read('h'), readlinkSync(join(target, 's'))]).toEqual(['text', 'text', 'd/f'])
    expect(lstatSync(join(target, 'd'))).toMatchObject({ mode: 0o40500, mtimeMs: 1_700_000_000_000 })
    expect(lstatSync(join(target, 'd/f'))).toMatchObject({ mode: 0o100444, mtimeMs: 1_700_000_000_000, nlink: 2 })
    expect(lstatSync(join(target, 's')).mtimeMs).toBe(1_700_000_000_000)
  })

  test('has no file that a layer took away, and a link that lost its first name keeps the content', async () => {
    const lower = [
      file('a', { content: 'old' }),
      file('t1', { content: '123' }),
      hardlink('t2', 't1'),
      hardlink('t3', 't1'),
    ]
    await extracted([], lower, [file('.wh.a'), file('t1', { content: '456' })])
    expect(names()).toEqual(['t1', 't2', 't3'])
    expect([read('t1'), read('t2'), read('t3')]).toEqual(['456', '123', '123'])
    expect(lstatSync(join(target, 't2')).nlink).toBe(2)
  })

  test('is refused where a layer is missing', async () => {
    const gone = new ArchiveError('ERR_NOT_FOUND', 'layer 1 is not in the archive')
    const options = { archive: 'test.tar', globs: [], sameOwner: false }
    const layers = [...layersOf([file('a')]), missingLayer(1, gone)]
    await expect(extract(layers, options, context)).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      location: 'test.tar › layer-1.tar',
    })
  })
})

describe('nothing leaves the directory', () => {
  const escape = (...entries: LayerEntry[]) => extracted([], entries)
  afterEach(() => {
    expect(readdirSync(inFolder())).toEqual(['target'])
  })

  test('by `..`, absolute names, or a name below a link that leads out', async () => {
    await escape(
      file('../escaped'),
      file('/../../escaped2'),
      symlink('out', '../..'),
      file('out/escaped3'),
      symlink('abs', inFolder()),
      file('abs/escaped4'),
    )
    expect(names()).toContain('escaped')
  })

  test('by a hard link to what lies outside, or to a link that leads there', async () => {
    await escape(
      hardlink('passwd', '../../../../../../etc/passwd'),
      symlink('l', '/etc/passwd'),
      hardlink('l2', 'l'),
      file('l2/x'),
    )
    expect(existsSync(join(target, 'passwd'))).toBe(false)
  })

  test('by a directory that a later entry makes a link', async () => {
    await escape(directory('d'), symlink('d', inFolder()), file('d/escaped'))
    expect(readdirSync(inFolder())).toEqual(['target'])
  })

  test('by a link in the place of the root', async () => {
    await escape(symlink('.', inFolder()), file('f'))
    expect(lstatSync(target).isDirectory()).toBe(true)
  })
})

describe('what cannot be made', () => {
  test('is told: devices, pipes, attributes, setuid bits without the owner', async () => {
    const told = await extracted(
      [],
      [
        file('c', { type: 'char', device: [1, 3] }),
        file('f', { type: 'fifo' }),
        file('s', { mode: 0o4755 }),
        file('x', { xattrs: { 'user.a': '1', 'security.capability': '2' } }),
        directory('g', { mode: 0o2755 }),
      ],
    )
    expect(told).toEqual([
      ['c', 'char', '1,3'],
      ['f', 'fifo', ''],
      ['s', 'setid', '4755'],
      ['x', 'xattr', 'security.capability'],
      ['x', 'xattr', 'user.a'],
    ])
    expect(lstatSync(join(target, 's')).mode).toBe(0o100755)
    expect(lstatSync(join(target, 'g')).mode).toBe(0o42755)
  })
})

describe('patterns', () => {
  const tree = [
    directory('etc'),
    file('etc/a.conf'),
    directory('etc/d'),
    file('etc/d/b.conf'),
    file('etc/d/c'),
    file('x[1]'),
    directory('usr'),
  ]
  test.each([
    [['etc/d'], ['etc', 'etc/d', 'etc/d/b.conf', 'etc/d/c']],
    [['/etc/*.conf'], ['etc', 'etc/a.conf']],
    [['**/*.conf'], ['etc', 'etc/a.conf', 'etc/d', 'etc/d/b.conf']],
    [
      ['x[1]', 'usr/'],
      ['usr', 'x[1]'],
    ],
    [
      ['etc', 'etc/d/c'],
      ['etc', 'etc/a.conf', 'etc/d', 'etc/d/b.conf', 'etc/d/c'],
    ],
    [
      ['etc/d/**', './etc/a.conf'],
      ['etc', 'etc/a.conf', 'etc/d', 'etc/d/b.conf', 'etc/d/c'],
    ],
  ])('%j brings %j', async (globs, expected) => {
    await extracted(globs, tree)
    expect(names()).toEqual(expected)
  })

  test.each(['/', '.', './', '//'])('that mean the root, as %j, bring everything', async (root) => {
    await extracted([root], tree)
    expect(names()).toEqual(tree.map(({ path }) => path).sort())
  })

  test.each(['', 'a'.repeat(70_000)])('that mean nothing are refused before anything is read', async (pattern) => {
    const layers = [missingLayer(0, new ArchiveError('ERR_NOT_FOUND', 'not looked at'))]
    const options = { archive: 'test.tar', globs: [pattern], sameOwner: false }
    await expect(extract(layers, options, context)).rejects.toMatchObject({ code: 'ERR_USAGE' })
  })

  test('of what is in a directory do not mean the directory', async () => {
    await expect(extracted(['usr/**'], tree)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('that match nothing are an error that names them', async () => {
    await expect(extracted(['etc', 'nope/*'], tree)).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: 'nothing in the image matches "nope/*"',
    })
  })
})

describe('printing files', () => {
  const layers = layersOf(
    [
      directory('etc'),
      file('etc/os', { content: 'old' }),
      file('other', { content: 'other' }),
      symlink('l', '/etc/../../etc/os'),
      symlink('lost', '/gone'),
      symlink('round', 'and/../about'),
      symlink('about', 'round'),
    ],
    [file('etc/os', { content: 'new' })],
  )
  const printed = async (...paths: string[]) => {
    return new TextDecoder().decode(await collect(readFiles(layers, { paths, archive: 'test.tar' }, context)))
  }

  test('gives the uppermost content, links followed inside the image', async () => {
    expect(await printed('/etc/os', 'l', './other')).toBe('newnewother')
  })

  test.each([
    ['/nope', 'ERR_NOT_FOUND', /no such file/],
    ['etc', 'ERR_NOT_FOUND', /a directory/],
    ['lost', 'ERR_LINK', /a link to \/gone, where nothing is/],
    ['round', 'ERR_LINK', /a link to and\/\.\.\/about, which leads in a circle/],
  ])('refuses %s', async (path, code, message) => {
    await expect(printed('other', path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })
})

test('a limit that is reached stops before anything is written', async () => {
  const tight = runContext({ limits: { ...DEFAULT_LIMITS, entries: 1 } })
  const options = { archive: 'test.tar', globs: [], sameOwner: false }
  await expect(extract(layersOf([file('a'), file('b')]), options, tight)).rejects.toMatchObject({ code: 'ERR_LIMIT' })
})
