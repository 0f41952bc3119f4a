import { isDirectory, type DirectoryNode, type TreeNode } from './node.js'
import type { Tree } from './tree.js'

/** A tree of its own with the same files in it: changing one leaves the other as it is. Inodes are shared, save directories'. */
export function cloneTree({ root, made }: Tree): Tree {
  const copy = copyOf(root)
  const todo: DirectoryNode[] = [copy]
  for (let directory = todo.pop(); directory !== undefined; directory = todo.pop()) {
    const { children } = directory.inode
    for (const [name, child] of children) {
      if (!isDirectory(child)) continue
      const own = copyOf(child)
      children.set(name, own)
      todo.push(own)
    }
  }
  return { root: copy, made }
}

function copyOf(node: DirectoryNode): DirectoryNode {
  const children = new Map<string, TreeNode>(node.inode.children)
  return { ...node, inode: { ...node.inode, children } }
}
