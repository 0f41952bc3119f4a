import { impliedDirectory, isDirectory, type DirectoryNode, type Inode, type TreeNode } from './node.js'

/** A root filesystem in memory: names, metadata, and where the contents lie. */
export interface Tree {
  root: DirectoryNode
  /** Names that were ever added, the implied ones too: what `limits.entries` bounds. */
  made: number
  /** The contents of the directories that only this tree has, where others are shared with another one (fork.ts). */
  own?: Set<DirectoryNode['inode']['children']>
}

/** A node with its path. */
export interface Located {
  /** Components joined by `/`, one latin1 character a byte; '' is the root. */
  readonly path: string
  readonly node: TreeNode
}

/** A tree of nothing but a root, 0755 and root's, as a container gets it. */
export function emptyTree(): Tree {
  return { root: impliedDirectory(0), made: 0 }
}

/**
 * Every node below `from` (the root, unless given), `from` left out: a directory before what is in it, the names of one
 * directory by their bytes. That is the order of `docker export`.
 */
export function* walkTree(tree: Tree, from: Located = { path: '', node: tree.root }): Generator<Located> {
  const stack = childrenOf(from)
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next
    if (isDirectory(next.node)) for (const child of childrenOf(next)) stack.push(child)
  }
}

/** Every node below the root, in no order: quicker than `walkTree`. Its path is `prefix + name`. */
export function everyNode(tree: Tree, onNode: (node: TreeNode, prefix: string, name: string) => void): void {
  const todo: { readonly prefix: string; readonly directory: DirectoryNode }[] = [{ prefix: '', directory: tree.root }]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const [name, node] of next.directory.inode.children) {
      onNode(node, next.prefix, name)
      if (isDirectory(node)) todo.push({ prefix: `${next.prefix}${name}/`, directory: node })
    }
  }
}

/** The inodes of `everyNode`, one by one: of several names as often as it has names. */
export function* everyInode(tree: Tree): Generator<Inode, void> {
  const todo: DirectoryNode[] = [tree.root]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const node of next.inode.children.values()) {
      yield node.inode
      if (isDirectory(node)) todo.push(node)
    }
  }
}

/** What is directly in a directory, last name first; nothing for all else. */
function childrenOf({ path, node }: Located): Located[] {
  if (!isDirectory(node)) return []
  const prefix = path === '' ? '' : `${path}/`
  const names = Array.from(node.inode.children).sort(([a], [b]) => (a < b ? 1 : -1))
  return names.map(([name, child]) => ({ path: prefix + name, node: child }))
}
