import { cleanKey } from '../tar/path.js'
import type { Addition } from './changes.js'
import { isDirectory, type Inode } from './node.js'
import type { Making } from './place.js'
import { lookup } from './resolve.js'
import { isAufsLink } from './whiteout.js'

/**
 * What a hard link shares: the target's name is looked up in the tree as it stands, links on the way followed inside
 * the root and the last name taken as it is, so that a symlink can be linked. Undefined, with a note, where there is none.
 */
export function linkInode(
  { tree, layer, notes }: Making,
  { key, target }: Extract<Addition, { target: string }>,
  aufs: ReadonlyMap<string, Inode>,
): Inode | undefined {
  const { key: path, escapes } = cleanKey(target)
  if (escapes)
    notes.tell('ENTRY_LINK_ESCAPES', key, `links to ${JSON.stringify(target)}; taken as starting at the root`)
  const node = lookup(tree, path, false)?.node
  const kept = isAufsLink(path) ? aufs.get(path) : node?.inode
  if (kept === undefined) {
    notes.tell('ENTRY_LINK_TARGET', key, `links to ${JSON.stringify(path)}, which is not there (yet); left out`)
    return undefined
  }
  if (isDirectory(node)) {
    notes.tell('ENTRY_LINK_TARGET', key, `links to the directory ${JSON.stringify(path)}; left out`)
    return undefined
  }
  if (node !== undefined && node.layer !== layer) {
    notes.tell('ENTRY_LINK_TARGET', key, `links to ${JSON.stringify(path)} of a lower layer`)
  }
  return kept
}
