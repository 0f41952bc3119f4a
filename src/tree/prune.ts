import { isDirectory, type DirectoryNode } from './node.js'
import type { Tree } from './tree.js'

/**
 * Takes names out of a tree, in place, and with a directory all that is in it; gives their paths, sorted,
 * those below a directory that went left out. `isGone` is asked with cleaned paths.
 */
export function prune(tree: Tree, isGone: (path: string) => boolean): readonly string[] {
  const gone: string[] = []
  const todo: { readonly node: DirectoryNode; readonly path: string }[] = [{ node: tree.root, path: '' }]
  for (let here = todo.pop(); here !== undefined; here = todo.pop()) {
    const { children } = here.node.inode
    for (const name of [...children.keys()].sort()) {
      const path = here.path === '' ? name : `${here.path}/${name}`
      const child = children.get(name)
      if (isGone(path)) {
        children.delete(name)
        gone.push(path)
      } else if (isDirectory(child)) todo.push({ node: child, path })
    }
  }
  return gone.sort()
}
