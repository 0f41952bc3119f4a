import { beforeAll, describe, expect, test } from 'vitest'
import { lookup } from '../../src/tree/resolve.js'
import type { Tree } from '../../src/tree/tree.js'
import { walkTree } from '../../src/tree/tree.js'
import { directory, file, symlink } from '../support/layers.js'
import { mergeEntries } from '../support/trees.js'

describe('looking up', () => {
  let tree: Tree
  beforeAll(async () => {
    const links = [
      symlink('rel', 'd/e'),
      symlink('abs', '/d'),
      symlink('d/up', '../../../d'),
      symlink('dangling', 'no/such'),
    ]
    const loops = [symlink('loop', 'loop'), symlink('x', 'y'), symlink('y', 'x'), symlink('long', 'd/'.repeat(2048))]
    ;({ tree } = await mergeEntries([directory('d'), file('d/e/f'), ...links, ...loops]))
  })

  test.each([
    ['', ''],
    ['/', ''],
    ['..', ''],
    ['d/e/f', 'd/e/f'],
    ['/d//e/./f', 'd/e/f'],
    ['d/../d/e', 'd/e'],
    ['rel', 'd/e'],
    ['rel/f', 'd/e/f'],
    ['rel/../e/f', 'd/e/f'],
    ['abs/e', 'd/e'],
    ['d/up/up/up/e', 'd/e'],
    ['abs/', 'd'],
  ])("'%s' is '%s'", (path, found) => {
    expect(lookup(tree, path)?.path).toBe(found)
  })

  test.each(['nothing', 'd/e/f/g', 'd/e/f/', 'd/e/f/.', 'dangling', 'loop', 'x', 'x/f', 'long'])(
    "'%s' is nowhere",
    (path) => {
      expect(lookup(tree, path)).toBeUndefined()
    },
  )

  test.each(['rel', 'dangling', 'loop', 'long', 'abs/up'])(
    "'%s' is a link where the last one is not followed",
    (path) => {
      expect(lookup(tree, path, false)?.node.inode.type).toBe('symlink')
    },
  )

  test('forty links may be followed, and no more', async () => {
    const chain = Array.from({ length: 41 }, (_, at) => symlink(`l${at + 1}`, `l${at}`))
    const { tree: chained } = await mergeEntries([file('l0'), ...chain])
    expect(lookup(chained, 'l40')?.path).toBe('l0')
    expect(lookup(chained, 'l41')).toBeUndefined()
  })
})

test('a walk may start anywhere', async () => {
  const { tree } = await mergeEntries([file('a/b/c'), file('a/d'), file('z')])
  const from = lookup(tree, 'a')
  expect(Array.from(walkTree(tree, from), ({ path }) => path)).toEqual(['a/b', 'a/b/c', 'a/d'])
  expect([...walkTree(tree, lookup(tree, 'z'))]).toEqual([])
})
