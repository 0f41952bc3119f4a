/** What a loader's extraction would leave on a disk; names are latin1, a character a byte. */
export type DiskNode =
  | DiskDirectory
  | { readonly kind: 'symlink'; readonly target: string }
  /** `content` is whatever the extractor keeps of a file: loaders read it again. */
  | { readonly kind: 'file'; readonly content?: unknown }
  | { readonly kind: 'special'; readonly type: string }

/** A directory with its children by name. */
export interface DiskDirectory {
  readonly kind: 'directory'
  readonly children: Map<string, DiskNode>
}

/** Why the kernel refuses a path, in its words. */
export type DiskFault =
  | 'no such file or directory'
  | 'not a directory'
  | 'too many levels of symbolic links'
  | 'file name too long'
  | 'file exists'
  | 'operation not permitted'
  | 'device or resource busy'

/** Where a path leads: its directory, its name there, and what has that name. The root has no name. */
export interface DiskPlace {
  readonly directory: DiskDirectory
  readonly name: string
  readonly node: DiskNode | undefined
}

// path_resolution(7): 40 links in one path, 255 bytes in a name.
const MOST_LINKS = 40
const MOST_NAME = 255

/** An empty directory. */
export function emptyDirectory(): DiskDirectory {
  return { kind: 'directory', children: new Map() }
}

/** Whether a lookup failed. */
export function isFault(found: DiskPlace | DiskFault): found is DiskFault {
  return typeof found === 'string'
}

/**
 * Resolves a path as the kernel does inside a chroot: links on the way are followed, the last one only where `follow`
 * says so, and `..` stops at the root. A missing last name is a place without a node; a missing one before is a fault.
 */
export function lookUp(root: DiskDirectory, path: string, follow: 'all' | 'parents'): DiskPlace | DiskFault {
  const stack = [root]
  const todo = partsOf(path).reverse()
  let links = 0
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    const directory = stack.at(-1) ?? root
    if (part === '..') {
      if (stack.length > 1) stack.pop()
      continue
    }
    if (part.length > MOST_NAME) return 'file name too long'
    const node = directory.children.get(part)
    const isLast = todo.length === 0
    if (node === undefined) return isLast ? { directory, name: part, node } : 'no such file or directory'
    if (node.kind === 'symlink' && (!isLast || follow === 'all')) {
      links += 1
      if (links > MOST_LINKS) return 'too many levels of symbolic links'
      if (node.target.startsWith('/')) stack.splice(1)
      todo.push(...partsOf(node.target).reverse())
      continue
    }
    if (isLast) return { directory, name: part, node }
    if (node.kind !== 'directory') return 'not a directory'
    stack.push(node)
  }
  return { directory: stack.at(-2) ?? root, name: '', node: stack.at(-1) ?? root }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** Makes the directories of a path that are missing, links on the way followed; the fault where that cannot be. */
export function makeDirectories(root: DiskDirectory, path: string): DiskFault | undefined {
  const parts = partsOf(path)
  for (let count = 1; count <= parts.length; count++) {
    const found = lookUp(root, parts.slice(0, count).join('/'), 'all')
    if (isFault(found)) return found
    if (found.node === undefined) found.directory.children.set(found.name, emptyDirectory())
    else if (found.node.kind !== 'directory') return 'not a directory'
  }
  return undefined
}
