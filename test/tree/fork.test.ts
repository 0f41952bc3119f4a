import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { findingLog } from '../../src/model/finding-log.js'
import type { Layer } from '../../src/model/image.js'
import { applyChanges } from '../../src/tree/apply.js'
import { collectChanges } from '../../src/tree/changes.js'
import { fork } from '../../src/tree/fork.js'
import { entriesOf } from '../../src/tree/layer-entries.js'
import { layerNotes } from '../../src/tree/layer-notes.js'
import { emptyTree, type Tree } from '../../src/tree/tree.js'
import { directory, file, layersOf, type LayerEntry } from '../support/layers.js'
import { paths } from '../support/trees.js'

async function apply(tree: Tree, layer: Layer): Promise<void> {
  const notes = layerNotes(findingLog('test.tar'), layer)
  const { add, changes } = collectChanges(layer.index, notes, DEFAULT_LIMITS)
  for await (const entry of entriesOf(layer)) add(entry)
  applyChanges(tree, changes, notes, DEFAULT_LIMITS)
}

const BASE = [
  directory('a'),
  directory('a/b'),
  file('a/b/f'),
  directory('c'),
  file('c/g'),
  directory('c/d'),
  file('c/d/h'),
]

async function forked(...tops: readonly (readonly LayerEntry[])[]): Promise<readonly [Tree, Tree]> {
  const [base, ...layers] = layersOf(BASE, ...tops)
  const tree = emptyTree()
  if (base !== undefined) await apply(tree, base)
  const [one, two] = fork(tree)
  for (const layer of layers) await apply(two, layer)
  return [one, two]
}

const listed = (tree: Tree) => paths({ tree, found: [] })
const CHANGES: readonly (readonly [what: string, layer: readonly LayerEntry[]])[] = [
  ['a new file', [file('a/b/new')]],
  ['a directory told again', [directory('a/b', { mode: 0o700 }), file('a/b/x')]],
  ['the root told again', [directory('', { mode: 0o700 }), file('top')]],
  ['a whiteout', [file('c/.wh.g')]],
  ['a whiteout of a directory', [file('.wh.c')]],
  ['an opaque directory', [file('c/.wh..wh..opq'), file('c/only')]],
  ['an opaque root', [file('.wh..wh..opq'), file('only')]],
  ['a file in the place of a directory', [file('a/b')]],
  ['directories that are only implied', [file('c/d/e/f/g')]],
  ['a whiteout that implies a directory', [file('a/x/.wh.y')]],
]

test.each(CHANGES)('%s changes one of two trees alone', async (_, layer) => {
  const before = listed((await forked())[0])
  const [one, two] = await forked(layer)
  const [base, top] = layersOf(BASE, layer)
  const apart = emptyTree()
  for (const each of [base, top]) if (each !== undefined) await apply(apart, each)
  expect(listed(one)).toEqual(before)
  expect(listed(two)).toEqual(listed(apart))
  expect(listed(two)).not.toEqual(before)
})

test('what lies beside a change stays one object in both trees', async () => {
  const [one, two] = await forked([file('a/b/new')])
  const at = (tree: Tree, name: string) => tree.root.inode.children.get(name)
  expect(at(two, 'c')).toBe(at(one, 'c'))
  expect(at(two, 'a')).not.toBe(at(one, 'a'))
})
