import { isDirectory, type DirectoryNode } from './node.js'
import type { Tree } from './tree.js'

/**
 * Two trees with the same files in them, for layers to be applied to each: what only one of them changes is copied when it
 * does. So whole directories stay one and the same object in both, as long as nothing below is changed. The first is the
 * tree itself.
 */
export function fork(tree: Tree): readonly [Tree, Tree] {
  tree.own = new Set()
  return [tree, { root: tree.root, made: tree.made, own: new Set() }]
}

/**
 * The directory at these components of a tree, none of them a link, as one that only this tree has: it may be changed.
 * `node` is the directory that is there now.
 */
export function ownDirectory(tree: Tree, node: DirectoryNode, names: readonly string[]): DirectoryNode {
  const { own } = tree
  if (own === undefined || own.has(node.inode.children)) return node
  let here = own.has(tree.root.inode.children) ? tree.root : (tree.root = copyOf(tree.root, own))
  for (const name of names) {
    const next = here.inode.children.get(name)
    if (!isDirectory(next)) return node
    const copy = own.has(next.inode.children) ? next : copyOf(next, own)
    here.inode.children.set(name, copy)
    here = copy
  }
  return here
}

function copyOf(node: DirectoryNode, own: NonNullable<Tree['own']>): DirectoryNode {
  const children = new Map(node.inode.children)
  own.add(children)
  return { ...node, inode: { ...node.inode, children } }
}
