import { cleanKey } from '../tar/path.js'
import { keyOf, type Addition } from './changes.js'
import { isDirectory, relinked, type Inode, type TreeNode } from './node.js'
import type { Making } from './place.js'
import { lookup } from './resolve.js'
import { isAufsLink } from './whiteout.js'

type Link = Extract<Addition, { target: string }>

/**
 * One more name for a file: the target is looked up in the tree as it stands, links on the way followed inside the root
 * and the last name taken as it is, so that a symlink can be linked. What the link's header says of the file holds for all
 * its names in the layer, as engines set it on whatever the name leads to. Undefined, with a note, where there is no
 * target.
 */
export function linkNode(making: Making, link: Link, aufs: ReadonlyMap<string, Inode>): TreeNode | undefined {
  const { layer, linked } = making
  const target = targetOf(making, link, aufs)
  if (target === undefined) return undefined
  const made: TreeNode = { inode: target.inode, layer, header: link.header }
  // Links into lower layers fail to load where layers are kept apart, and elsewhere would change what lies below.
  if (target.node === undefined || target.inode.layer !== layer) return made
  const file = linked.get(target.inode) ?? { names: [target.node], inode: target.inode }
  file.names.push(made)
  file.inode = relinked(file.inode, link.link)
  linked.set(target.inode, file)
  return made
}

/** Gives all names of files that a layer linked what its links say of them: once for each layer, when it is in the tree. */
export function settleLinks({ linked }: Making): void {
  for (const { names, inode } of linked.values()) for (const name of names) name.inode = inode
  linked.clear()
}

/** What a hard link leads to; what AUFS kept apart is no name of the tree. */
function targetOf(
  { tree, layer, notes }: Making,
  link: Link,
  aufs: ReadonlyMap<string, Inode>,
): { readonly inode: Inode; readonly node?: TreeNode } | undefined {
  const { target } = link
  const key = keyOf(link)
  const { key: path, escapes } = cleanKey(target)
  if (escapes)
    notes.tell('ENTRY_LINK_ESCAPES', key, `links to ${JSON.stringify(target)}; taken as starting at the root`)
  const node = lookup(tree, path, false)?.node
  const apart = isAufsLink(path) ? aufs.get(path) : undefined
  if (apart !== undefined) return { inode: apart }
  if (node === undefined) {
    notes.tell('ENTRY_LINK_TARGET', key, `links to ${JSON.stringify(path)}, which is not there (yet); left out`)
    return undefined
  }
  if (isDirectory(node)) {
    notes.tell('ENTRY_LINK_TARGET', key, `links to the directory ${JSON.stringify(path)}; left out`)
    return undefined
  }
  if (node.layer !== layer) notes.tell('ENTRY_LINK_TARGET', key, `links to ${JSON.stringify(path)} of a lower layer`)
  return { inode: node.inode, node }
}
