import { isDirectory, type DirectoryNode, type TreeNode } from '../../tree/node.js'
import type { Tree } from '../../tree/tree.js'

/** A path that at least one of two trees has. */
export interface Pair {
  readonly path: string
  readonly a: TreeNode | undefined
  readonly b: TreeNode | undefined
}

/** Every path below the roots of two trees, a directory before what is in it, the names of one directory by their bytes. */
export function* zipTrees(a: Tree, b: Tree): Generator<Pair> {
  const stack = childrenOf({ path: '', a: a.root, b: b.root })
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next
    for (const child of childrenOf(next)) stack.push(child)
  }
}

/** Last name first. */
function childrenOf({ path, a, b }: Pair): Pair[] {
  const [own, others] = [namesOf(a), namesOf(b)]
  const prefix = path === '' ? '' : `${path}/`
  return union(own, others)
    .sort((x, y) => (x < y ? 1 : -1))
    .map((name) => ({ path: prefix + name, a: own?.get(name), b: others?.get(name) }))
}

type Children = DirectoryNode['inode']['children']

function namesOf(node: TreeNode | undefined): Children | undefined {
  return isDirectory(node) ? node.inode.children : undefined
}

function union(a: Children | undefined, b: Children | undefined): string[] {
  const names = a === undefined ? [] : [...a.keys()]
  for (const name of b?.keys() ?? []) if (a?.has(name) !== true) names.push(name)
  return names
}
