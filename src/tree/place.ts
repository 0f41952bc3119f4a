import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { latin1, latin1Bytes } from '../tar/path.js'
import type { LayerNotes } from './layer-notes.js'
import { impliedDirectory, isDirectory, type DirectoryNode, type Inode, type TreeNode } from './node.js'
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
  /** Files that the layer gave several names, with what the last of its links makes of them. */
  readonly linked: Map<Inode, { readonly names: TreeNode[]; inode: Inode }>
}

/** Gives a directory a name. Errors: ERR_LIMIT when the tree has too many. */
export function put({ tree, limits }: Making, parent: DirectoryNode, name: string, node: TreeNode): void {
  tree.made += 1
  if (tree.made > limits.entries) {
    throw new ArchiveError('ERR_LIMIT', `the layers together make more than ${limits.entries} names`, {
      hint: 'raise it with --limit-entries if the archive is trusted',
    })
  }
  parent.inode.children.set(ownString(name), node)
}

// A part of a path keeps the whole path in memory (V8 makes a slice of it from 13 characters on); a name outlives it.
function ownString(name: string): string {
  return name.length < 13 ? name : latin1(latin1Bytes(name))
}

/**
 * The directory at a cleaned path; links are followed inside the root, what is missing is made, and a file in the way
 * gives way to a directory. Undefined where links run in circles. `key` is the entry that wants it, for the notes.
 */
export function directoryAt(making: Making, path: string, key: string): DirectoryNode | undefined {
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
  return isDirectory(found.node) ? found.node : makeDirectories(making, found.names, key)
}

/** The directory at these components, none of them a link; what is missing is made, what is no directory gives way. */
export function makeDirectories(making: Making, names: readonly string[], key: string): DirectoryNode {
  const { tree, layer, notes, limits } = making
  if (names.length > limits.depth) {
    throw new ArchiveError(
      'ERR_LIMIT',
      `a directory ${names.length} levels deep is over the limit of ${limits.depth}`,
      {
        hint: 'raise it with --limit-depth if the archive is trusted',
      },
    )
  }
  let here = tree.root
  for (const name of names) {
    let next = here.inode.children.get(name)
    if (!isDirectory(next)) {
      if (next !== undefined) notes.tell('ENTRY_PARENT_NOT_DIRECTORY', key, `takes the place of a ${next.inode.type}`)
      const made = impliedDirectory(layer)
      put(making, here, name, made)
      next = made
    }
    // isDirectory told so for both; the compiler loses it over the assignment.
    here = next as DirectoryNode
  }
  return here
}
