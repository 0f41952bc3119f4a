import { isDirectory, type DirectoryNode, type TreeNode } from '../../tree/node.js'
import type { Tree } from '../../tree/tree.js'

/** A path that at least one of two trees has. */
export interface Pair {
  /** Path of the directory it is in; '' for the root. The names of one directory share the text. */
  readonly directory: string
  readonly name: string
  readonly a: TreeNode | undefined
  readonly b: TreeNode | undefined
}

/** The path of a name in a directory. */
export function pathOf({ directory, name }: Pick<Pair, 'directory' | 'name'>): string {
  return directory === '' ? name : `${directory}/${name}`
}

/**
 * Every path below the roots of two trees, a directory before what is in it, the names of one directory by their bytes.
 * With `skipShared`, a directory that is the same object in both (tree/fork.ts) is left out with all that is in it.
 */
export function* zipTrees(
  a: Tree,
  b: Tree,
  { skipShared }: { readonly skipShared: boolean } = { skipShared: false },
): Generator<Pair> {
  const stack = childrenOf('', a.root, b.root, skipShared)
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next
    if (!isDirectory(next.a) && !isDirectory(next.b)) continue
    for (const child of childrenOf(pathOf(next), next.a, next.b, skipShared)) stack.push(child)
  }
}

/** Last name first. */
function childrenOf(directory: string, a: TreeNode | undefined, b: TreeNode | undefined, skipShared: boolean): Pair[] {
  const [own, others] = [namesOf(a), namesOf(b)]
  const pairs: Pair[] = []
  for (const name of union(own, others).sort().reverse()) {
    const [one, two] = [own?.get(name), others?.get(name)]
    if (skipShared && one === two && isDirectory(one)) continue
    pairs.push({ directory, name, a: one, b: two })
  }
  return pairs
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
