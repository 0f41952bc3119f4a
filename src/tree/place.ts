import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { keyOf, type Place } from './changes.js'
import type { LayerNotes } from './layer-notes.js'
import { impliedDirectory, isDirectory, type DirectoryNode, type Inode, type TreeNode } from './node.js'
import { ownDirectory } from './fork.js'
import { resolve } from './resolve.js'
import type { Tree } from './tree.js'

/** A layer on its way into a tree. */
export interface Making {
  readonly tree: Tree
  readonly layer: number
  readonly notes: LayerNotes
  readonly limits: Limits
  /** Links that were noted as followed: one note for each says enough. */
  readonly linksNoted: Set<string>
  /** Where the last name was put: its path as the layer has it, links not followed. */
  lastParent?: { readonly path: string; readonly node: DirectoryNode } | undefined
  /** Files that the layer gave several names, with what the last of its links makes of them. */
  readonly linked: Map<Inode, { readonly names: TreeNode[]; inode: Inode }>
}

/** That layers have more names than one image may. */
export function tooManyNames({ entries }: Limits): ArchiveError {
  return new ArchiveError('ERR_LIMIT', `the layers together make more than ${entries} names`, {
    hint: 'raise it with --limit-entries if the archive is trusted',
  })
}

/** Gives a directory, one of the tree's own, a name. Errors: ERR_LIMIT when the tree has too many. */
export function put(making: Making, parent: DirectoryNode, name: string, node: TreeNode): void {
  const { tree, limits } = making
  tree.made += 1
  if (tree.made > limits.entries) throw tooManyNames(limits)
  const { children } = parent.inode
  const before = children.get(name)
  // Paths may lead elsewhere now.
  if (before !== undefined && (isDirectory(before) || before.inode.type === 'symlink')) making.lastParent = undefined
  children.set(name, node)
}

/**
 * The directory that a name is put in, at a cleaned path; links are followed inside the root, what is missing is made, and
 * a file in the way gives way to a directory. Undefined where links run in circles.
 */
export function directoryAt(making: Making, place: Place): DirectoryNode | undefined {
  const { parent: path } = place
  if (path === '') return ownDirectory(making.tree, making.tree.root, [])
  // Entries of one directory mostly follow each other.
  if (making.lastParent?.path === path) return making.lastParent.node
  const node = directDirectory(making.tree, path) ?? findDirectory(making, path, place)
  making.lastParent = node && { path, node }
  return node
}

/** The directory where all of the path are directories, as of most they are, and it is the tree's own. */
function directDirectory({ root, own }: Tree, path: string): DirectoryNode | undefined {
  let here = root
  for (let from = 0; from < path.length;) {
    const slash = path.indexOf('/', from)
    const end = slash < 0 ? path.length : slash
    const next = here.inode.children.get(path.slice(from, end))
    if (!isDirectory(next)) return undefined
    here = next
    from = end + 1
  }
  return own === undefined || own.has(here.inode.children) ? here : undefined
}

function findDirectory(making: Making, path: string, place: Place): DirectoryNode | undefined {
  const key = keyOf(place)
  const found = resolve(making.tree, path, { followLast: true })
  if (found === undefined) {
    making.notes.tell('ENTRY_PARENT_NOT_DIRECTORY', key, 'the links on the way lead nowhere; left out')
    return undefined
  }
  if (found.through !== '' && !making.linksNoted.has(found.through)) {
    making.linksNoted.add(found.through)
    const real = JSON.stringify(found.names.join('/'))
    making.notes.tell('ENTRY_PARENT_NOT_DIRECTORY', key, `lies behind a symlink; put into ${real}`)
  }
  if (!isDirectory(found.node)) return makeDirectories(making, found.names, key)
  refuseDeep(found.names, making.limits)
  return ownDirectory(making.tree, found.node, found.names)
}

/** Behind links a short name may lie deep. Errors: ERR_LIMIT for a directory in which every name is too deep. */
function refuseDeep({ length }: readonly string[], { depth }: Limits): void {
  if (length < depth) return
  const hint = 'raise it with --limit-depth if the archive is trusted'
  throw new ArchiveError('ERR_LIMIT', `names in a directory ${length} levels deep are over the limit of ${depth}`, {
    hint,
  })
}

/** The directory at these components, none of them a link; what is missing is made, what is no directory gives way. */
export function makeDirectories(making: Making, names: readonly string[], key: string): DirectoryNode {
  const { tree, layer, notes, limits } = making
  refuseDeep(names, limits)
  let here = ownDirectory(tree, tree.root, [])
  for (const [depth, name] of names.entries()) {
    let next = here.inode.children.get(name)
    if (!isDirectory(next)) {
      if (next !== undefined) notes.tell('ENTRY_PARENT_NOT_DIRECTORY', key, `takes the place of a ${next.inode.type}`)
      const made = impliedDirectory(layer)
      put(making, here, name, made)
      next = made
    }
    // isDirectory told so for both; the compiler loses it over the assignment.
    here = ownDirectory(tree, next as DirectoryNode, names.slice(0, depth + 1))
  }
  return here
}
