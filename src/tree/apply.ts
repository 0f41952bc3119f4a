import type { Limits } from '../context.js'
import type { Addition, LayerChanges } from './changes.js'
import { linkNode, settleLinks } from './hardlink.js'
import type { LayerNotes } from './layer-notes.js'
import { isDirectory, redescribed, type DirectoryNode, type Inode, type TreeNode } from './node.js'
import { directoryAt, put, type Making } from './place.js'
import { applyRemovals } from './remove.js'
import type { Tree } from './tree.js'

/**
 * Applies one layer to what the layers below made, in place (image-spec, layer.md): first everything that the layer
 * takes away, wherever that stands in the tar, then what it adds, in the order of the tar. A directory keeps what is in
 * it when it is added again; anything else replaces what had the name. Links on the way to a name are followed, but
 * never out of the root. Where storage drivers would differ a note says so. Errors: ERR_LIMIT.
 */
export function applyChanges(tree: Tree, changes: LayerChanges, notes: LayerNotes, limits: Limits): void {
  const making: Making = { tree, layer: changes.layer, notes, limits, linksNoted: new Set(), linked: new Map() }
  if (changes.removals.length > 0) applyRemovals(making, changes)
  for (const addition of changes.additions) add(making, addition, changes.aufs)
  settleLinks(making)
}

function add(making: Making, addition: Addition, aufs: ReadonlyMap<string, Inode>): void {
  const { tree, layer, notes } = making
  const { key, header } = addition
  if (key === '') {
    addRoot(making, addition)
    return
  }
  const node = 'inode' in addition ? { inode: addition.inode, layer, header } : linkNode(making, addition, aufs)
  if (node === undefined) return
  const slash = key.lastIndexOf('/')
  const parent = slash < 0 ? tree.root : directoryAt(making, key.slice(0, slash), key)
  if (parent === undefined) return
  const name = key.slice(slash + 1)
  const before = parent.inode.children.get(name)
  if (before?.layer === layer && before.header !== undefined) {
    notes.tell('ENTRY_DUPLICATE', key, 'the path stands in the layer twice; the last one counts')
  }
  node.inode = merged(before, node.inode)
  put(making, parent, name, node)
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
