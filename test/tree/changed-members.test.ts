import { expect, test } from 'vitest'
import { changedFiles, changedMembers } from '../../src/tree/changed-members.js'
import { concatenated } from '../support/chunks.js'
import { directory, file, hardlink, symlink, type LayerEntry } from '../support/layers.js'
import { END, decode } from '../support/tar-blocks.js'
import { mergeEntries } from '../support/trees.js'

/** The trees below layer `from` and of all layers. */
async function trees(from: number, layers: readonly (readonly LayerEntry[])[]) {
  const { tree: base } = await mergeEntries(...layers.slice(0, from))
  const { tree } = await mergeEntries(...layers)
  return { base, tree }
}

/** The members of the layer that the layers from `from` on make: an arrow to the target of a symlink, `=` for hard links. */
async function members(from: number, ...layers: (readonly LayerEntry[])[]): Promise<readonly string[]> {
  const { base, tree } = await trees(from, layers)
  const headers = Array.from(changedMembers(base, tree, from), ({ header }) => header.slice())
  const { entries } = decode(concatenated(...headers, END))
  return entries.map(({ path, type, linkPath }) => {
    if (type === 'hardlink') return `${path} = ${linkPath}`
    return type === 'symlink' ? `${path} -> ${linkPath}` : path
  })
}

test('directories of the base are told where something in them is new or gone, and others are not', async () => {
  const base = [
    directory('a'),
    directory('a/b'),
    directory('a/b/c'),
    file('a/b/c/old'),
    directory('a/d'),
    file('a/d/x'),
    directory('e'),
    file('e/gone'),
    directory('f'),
    file('f/old'),
  ]
  const upper = [file('a/b/c/new'), file('e/.wh.gone'), file('z')]
  expect(await members(1, base, upper)).toEqual(['a/', 'a/b/', 'a/b/c/', 'a/b/c/new', 'e/', 'e/.wh.gone', 'z'])
})

test('a directory that the upper layers tell anew is there, and so are those above it', async () => {
  expect(await members(1, [directory('a'), directory('a/b'), file('a/b/f')], [directory('a/b')])).toEqual([
    'a/',
    'a/b/',
  ])
})

test('whiteouts come before what is in the directory, and only for names of the base', async () => {
  const layers = [
    [directory('a'), file('a/k'), file('a/m')],
    [file('a/b'), file('a/.wh.k')],
    [file('a/.wh.b'), file('a/c')],
  ]
  expect(await members(1, ...layers)).toEqual(['a/', 'a/.wh.k', 'a/c'])
})

test('a directory in the place of a file of the base has no whiteouts in it', async () => {
  expect(await members(1, [file('a')], [directory('a'), file('a/b')])).toEqual(['a/', 'a/b'])
})

test('a link of the upper layers to a file of the base brings all names of the file, whichever comes first', async () => {
  expect(await members(1, [file('f'), file('g')], [hardlink('a', 'f')])).toEqual(['a', 'f = a'])
  expect(await members(1, [file('f'), file('g')], [hardlink('z', 'f')])).toEqual(['f', 'z = f'])
})

test('links of a layer stay links, to a symlink too', async () => {
  const layer = [file('f'), hardlink('a', 'f'), hardlink('z', 'f'), symlink('s', 'f'), hardlink('t', 's'), file('u')]
  expect(await members(0, layer)).toEqual(['a', 'f = a', 's -> f', 't = s', 'u', 'z = a'])
})

test('files of the base whose contents stay where they are need not be read', async () => {
  const layers = [
    [file('a', { content: 'a' }), file('b', { content: 'b' })],
    [file('b', { content: 'B!' }), file('c')],
  ]
  const { base, tree } = await trees(1, layers)
  expect(Array.from(changedFiles(base, tree, 1), ({ layer, size }) => [layer, size])).toEqual([[1, 2]])
})

test('a thousand directories in each other are no matter', async () => {
  const names = Array.from({ length: 1000 }, (_, depth) => Array.from({ length: depth + 1 }, () => 'd').join('/'))
  const layer = names.map((name) => directory(name))
  expect(await members(1, layer, [file(`${names.at(-1) ?? ''}/f`)])).toHaveLength(1001)
})
