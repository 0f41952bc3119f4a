import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { holdDirectory, type HeldDirectory } from '../../src/bytes/held-directory.js'
import { removeTree } from '../../src/bytes/remove-tree.js'
import { freshFolder } from '../support/folder.js'

const at = freshFolder()
let tree: string
let root: HeldDirectory

beforeEach(() => {
  const outside = holdDirectory(at())
  root = outside.makeDirectory('tree')
  outside.close()
  tree = at('tree')
})

function nest(directory: HeldDirectory, name: string, levels: number): void {
  if (levels > 0) nest(directory.makeDirectory(name), name, levels - 1)
  directory.finish({ mode: 0o700 })
}

test('paths longer than the system takes are removed', async () => {
  nest(root, 'n'.repeat(250), 40)
  await removeTree(tree)
  expect(existsSync(tree)).toBe(false)
})

test('directories closed to their owner and names that are no text are removed', async () => {
  const closed = root.makeDirectory('closed \xff')
  closed.makeDirectory('inner \xfe').finish({ mode: 0 })
  closed.finish({ mode: 0 })
  root.finish({ mode: 0 })
  await removeTree(tree)
  expect(existsSync(tree)).toBe(false)
})

test('nothing behind a link is removed, nor closed or opened', async () => {
  const kept = at('kept')
  writeFileSync(kept, 'kept')
  symlinkSync(at(), join(tree, 'link'))
  nest(root, 'n'.repeat(250), 40)
  await removeTree(tree)
  expect([existsSync(tree), existsSync(kept)]).toEqual([false, true])
})

test('where nothing is, nothing happens', async () => {
  root.close()
  await expect(removeTree(at('nothing'))).resolves.toBeUndefined()
})
