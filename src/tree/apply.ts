import type { Limits } from '../context.js'
import { keyOf, type Addition, type LayerChanges } from './changes.js'
import { linkNode, settleLinks } from './hardlink.js'
import type { LayerNotes } from './layer-notes.js'
import { isDirectory, redescribed, type Inode } from './node.js'
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
  const { layer, notes } = making
  // The root, which alone has neither.
  if (addition.name === '' && addition.parent === '') {
    addRoot(making, addition)
    return
  }
  const node = 'node' in addition ? addition.node : linkNode(making, addition, aufs)
  if (node === undefined) return
  const parent = directoryAt(making, addition)
  if (parent === undefined) return
  const before = parent.inode.children.get(addition.name)
  if (before?.layer === layer && before.header !== undefined) {
    notes.tell('ENTRY_DUPLICATE', keyOf(addition), 'the path stands in the layer twice; the last one counts')
  }
  if (node.inode.type === 'directory' && isDirectory(before)) node.inode = redescribed(before, node.inode)
  put(making, parent, addition.name, node)
}

function addRoot({ tree, layer, notes }: Making, addition: Addition): void {
  if ('node' in addition && addition.node.inode.type === 'directory') {
    const { inode, header } = addition.node
    tree.root = { inode: { ...inode, children: tree.root.inode.children }, layer, header }
  } else {
    notes.tell('ENTRY_UNSAFE_PATH', '', 'an entry that is no directory in the place of the root; left out')
  }
}
