import type { Limits } from '../context.js'
import type { Addition, LayerChanges, Removal } from './changes.js'
import { linkInode } from './hardlink.js'
import type { LayerNotes } from './layer-notes.js'
import { isDirectory, redescribed, type DirectoryNode, type Inode, type TreeNode } from './node.js'
import { directoryAt, put, type Making } from './place.js'
import { resolve } from './resolve.js'
import type { Tree } from './tree.js'

/**
 * Applies one layer to what the layers below made, in place (image-spec, layer.md): first everything that the layer
 * takes away, wherever that stands in the tar, then what it adds, in the order of the tar. A directory keeps what is in
 * it when it is added again; anything else replaces what had the name. Links on the way to a name are followed, but
 * never out of the root. Where storage drivers would differ a note says so. Errors: ERR_LIMIT.
 */
export function applyChanges(tree: Tree, changes: LayerChanges, notes: LayerNotes, limits: Limits): void {
  const making: Making = { tree, layer: changes.layer, notes, limits, linksNoted: new Set() }
  if (changes.removals.length > 0) remove(making, changes)
  for (const addition of changes.additions) add(making, addition, changes.aufs)
}

function remove(making: Making, { removals, additions }: LayerChanges): void {
  noteOwn(making.notes, removals, additions)
  const own = new Set<string>()
  for (const addition of additions) {
    if (!('inode' in addition) || addition.inode.type !== 'symlink') own.add(addition.key)
  }
  // Where the layer puts a directory in the place of a link, its whiteouts are about the directory: nothing lower is in it.
  const mayFollow = (path: string) => !own.has(path)
  for (const { kind, path, key } of removals) {
    if (kind === 'whiteout') removeName(making.tree, path, mayFollow)
    else removeChildren(making, path, key, mayFollow)
  }
}

function removeName(tree: Tree, path: string, mayFollow: (path: string) => boolean): void {
  const slash = path.lastIndexOf('/')
  const parent = resolve(tree, slash < 0 ? '' : path.slice(0, slash), { followLast: true, mayFollow })
  if (isDirectory(parent?.node)) parent.node.inode.children.delete(path.slice(slash + 1))
}

function removeChildren(making: Making, path: string, key: string, mayFollow: (path: string) => boolean): void {
  const { tree, notes } = making
  if (path === '' && tree.root.inode.children.size > 0) {
    notes.tell('WHITEOUT_ROOT', key, 'an opaque root: everything of the layers below is taken away')
  }
  const found = resolve(tree, path, { followLast: true, mayFollow })
  if (isDirectory(found?.node)) found.node.inode.children.clear()
  // All drivers make the directory that a marker lies in.
  else if (found !== undefined && found.node === undefined) directoryAt(making, path, key)
}

/** Notes the whiteouts of what the layer itself has: drivers go by the order of the tar, or fail. */
function noteOwn(notes: LayerNotes, removals: readonly Removal[], additions: readonly Addition[]): void {
  const markers = new Map(removals.filter(({ kind }) => kind === 'whiteout').map(({ path, key }) => [path, key]))
  for (const { key } of additions) {
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

function add(making: Making, addition: Addition, aufs: ReadonlyMap<string, Inode>): void {
  const { tree, layer, notes } = making
  const { key, header } = addition
  if (key === '') {
    addRoot(making, addition)
    return
  }
  const inode = 'inode' in addition ? addition.inode : linkInode(making, addition, aufs)
  if (inode === undefined) return
  const slash = key.lastIndexOf('/')
  const parent = slash < 0 ? tree.root : directoryAt(making, key.slice(0, slash), key)
  if (parent === undefined) return
  const name = key.slice(slash + 1)
  const before = parent.inode.children.get(name)
  if (before?.layer === layer && before.header !== undefined) {
    notes.tell('ENTRY_DUPLICATE', key, 'the path stands in the layer twice; the last one counts')
  }
  put(making, parent, name, { inode: merged(before, inode), layer, header })
}

function merged(before: TreeNode | undefined, inode: Inode): Inode {
  return inode.type === 'directory' && isDirectory(before) ? redescribed(before, inode) : inode
}

function addRoot({ tree, layer, notes }: Making, addition: Addition): void {
  if ('inode' in addition && addition.inode.type === 'directory') {
    const inode = { ...addition.inode, children: tree.root.inode.children }
    tree.root = { inode, layer, header: addition.header } satisfies DirectoryNode
  } else {
    notes.tell('ENTRY_UNSAFE_PATH', '', 'an entry that is no directory in the place of the root; left out')
  }
}
