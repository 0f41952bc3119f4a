import { isDirectory, type TreeNode } from './node.js'
import type { Located, Tree } from './tree.js'

// As Linux does: more links on one path are a loop to it.
const MOST_LINKS = 40
// PATH_MAX: no file system holds a longer target.
const LONGEST_TARGET = 4095
const MOST_STEPS = 4096

/** Where a path leads. */
export interface Resolved {
  /** The components that are really there, links followed; missing ones are kept as the text has them. */
  readonly names: readonly string[]
  /** What is there; undefined where nothing is. */
  readonly node: TreeNode | undefined
  /** Path of the first symlink that was followed, '' where none was. */
  readonly through: string
}

export interface ResolveOptions {
  /** Whether a link at the end of the path is followed; the others are. */
  readonly followLast: boolean
  /** Asked for the path of each symlink on the way; false gives up. */
  mayFollow?(path: string): boolean
}

/**
 * Follows a path of latin1 components inside the tree, as a process in a chroot would: absolute targets start at the
 * root, `..` stops there. Missing components are walked by their text. Undefined for a loop or a target that is too long.
 */
export function resolve(tree: Tree, path: string, options: ResolveOptions): Resolved | undefined {
  const todo = partsOf(path)
  const nodes: (TreeNode | undefined)[] = [tree.root]
  const names: string[] = []
  let through = ''
  let links = 0
  let steps = todo.length
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '..') {
      if (names.pop() !== undefined) nodes.pop()
      continue
    }
    const child = nodes.at(-1)?.inode.children?.get(part)
    names.push(part)
    nodes.push(child)
    if (child?.inode.type !== 'symlink' || (todo.length === 0 && !options.followLast)) continue
    const at = names.join('/')
    const { linkPath } = child.inode
    if (++links > MOST_LINKS || linkPath.length > LONGEST_TARGET) return undefined
    if (options.mayFollow?.(at) === false) return undefined
    through ||= at
    names.pop()
    nodes.pop()
    if (linkPath.startsWith('/')) {
      names.length = 0
      nodes.length = 1
    }
    const target = partsOf(linkPath)
    steps += target.length
    if (steps > MOST_STEPS) return undefined
    for (const name of target) todo.push(name)
  }
  return { names, node: nodes.at(-1), through }
}

/** Components, the last one first. */
function partsOf(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .reverse()
}

/**
 * The node at a path of latin1 characters and where it really lies, links on the way followed inside the tree. The last
 * one too, if `followLast`, as stat(2) does and lstat(2) does not. Undefined where there is nothing.
 */
export function lookup(tree: Tree, path: string, followLast = true): Located | undefined {
  const found = resolve(tree, path, { followLast })
  if (found?.node === undefined) return undefined
  // `file/` and `file/.` ask for a directory.
  if (/\/\.?$/.test(path) && !isDirectory(found.node)) return undefined
  return { path: found.names.join('/'), node: found.node }
}

/**
 * Tells where paths of a tree really are, as /lib is a link to usr/lib: links on the way are followed, the last name is
 * taken as it is. Each directory is looked up once.
 */
export function realPaths(tree: Tree): (path: string) => string {
  const known = new Map<string, string>()
  return (path) => {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return path
    const directory = path.slice(0, slash)
    let found = known.get(directory)
    if (found === undefined) {
      found = resolve(tree, directory, { followLast: true })?.names.join('/') ?? directory
      known.set(directory, found)
    }
    return `${found === '' ? '' : `${found}/`}${path.slice(slash + 1)}`
  }
}
