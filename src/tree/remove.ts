import { keyOf, type Addition, type LayerChanges, type Removal } from './changes.js'
import { ownDirectory } from './fork.js'
import type { LayerNotes } from './layer-notes.js'
import { isDirectory, type DirectoryNode } from './node.js'
import { makeDirectories, type Making } from './place.js'
import { resolve } from './resolve.js'

type MayFollow = (path: string) => boolean

/**
 * Takes from the tree what a layer's whiteouts and opaque markers hide. A marker in a directory that no layer made
 * implies that directory, as docker has it; where the layer itself hides the directory, that counts.
 */
export function applyRemovals(making: Making, { removals, additions }: LayerChanges): void {
  noteOwn(making.notes, removals, additions)
  const own = new Set<string>()
  for (const addition of additions) {
    if (!('node' in addition) || addition.node.inode.type !== 'symlink') own.add(keyOf(addition))
  }
  // Where the layer puts a directory in the place of a link, its whiteouts are about the directory: nothing lower is in it.
  const mayFollow = (path: string) => !own.has(path)
  for (const { key } of removals) implyDirectory(making, key, mayFollow)
  for (const removal of removals) {
    if (removal.kind === 'whiteout') removeName(making, removal.path, mayFollow)
    else removeChildren(making, removal, mayFollow)
  }
}

function implyDirectory(making: Making, key: string, mayFollow: MayFollow): void {
  const found = resolve(making.tree, parentOf(key), { followLast: true, mayFollow })
  // Behind a link drivers disagree on where it would be.
  if (found === undefined || found.node !== undefined || found.through !== '') return
  if (leadsThroughDirectories(making.tree.root, found.names)) makeDirectories(making, found.names, key)
}

/** Whether all that is there of a path is directories: what a whiteout is below of does not give way to it. */
function leadsThroughDirectories(root: DirectoryNode, names: readonly string[]): boolean {
  let here = root
  for (const name of names) {
    const next = here.inode.children.get(name)
    if (!isDirectory(next)) return next === undefined
    here = next
  }
  return true
}

function removeName({ tree }: Making, path: string, mayFollow: MayFollow): void {
  const parent = resolve(tree, parentOf(path), { followLast: true, mayFollow })
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (!isDirectory(parent?.node) || !parent.node.inode.children.has(name)) return
  ownDirectory(tree, parent.node, parent.names).inode.children.delete(name)
}

function removeChildren({ tree, notes }: Making, { path, key }: Removal, mayFollow: MayFollow): void {
  if (path === '' && tree.root.inode.children.size > 0) {
    notes.tell('WHITEOUT_ROOT', key, 'an opaque root: everything of the layers below is taken away')
  }
  const found = resolve(tree, path, { followLast: true, mayFollow })
  if (isDirectory(found?.node)) ownDirectory(tree, found.node, found.names).inode.children.clear()
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** Notes the whiteouts of what the layer itself has: drivers go by the order of the tar, or fail. */
function noteOwn(notes: LayerNotes, removals: readonly Removal[], additions: Iterable<Addition>): void {
  const markers = new Map(removals.filter(({ kind }) => kind === 'whiteout').map(({ path, key }) => [path, key]))
  for (const addition of additions) {
    const key = keyOf(addition)
    if (markers.size === 0) return
    for (let end = key.length; end > 0; end = key.lastIndexOf('/', end - 1)) {
      const path = key.slice(0, end)
      const marker = markers.get(path)
      if (marker === undefined) continue
      notes.tell('WHITEOUT_OWN_LAYER', marker, `the layer has ${JSON.stringify(key)} as well, which is kept`)
      markers.delete(path)
    }
  }
}
