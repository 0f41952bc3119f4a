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

// path_resolution(7) and limits.h: 40 links in one path, 255 bytes in a name, 4096 in a path with its NUL.
const MOST_LINKS = 40
const MOST_NAME = 255
const MOST_PATH = 4095

/** An empty directory. */
export function emptyDirectory(): DiskDirectory {
  return { kind: 'directory', children: new Map() }
}

// Nothing that has a name tells one file from another, unless the extractor keeps something of it.
const FILE: DiskNode = { kind: 'file' }

/** A file, with what the extractor keeps of it. */
export function fileNode(content: unknown): DiskNode {
  return content === undefined ? FILE : { kind: 'file', content }
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
  const place = follow === 'parents' ? plainPlace(root, path) : undefined
  return place ?? walk(root, path, { follow, missing: 'fault' })
}

/**
 * Where a clean path leads when all its parents are there and no link is among them, as `lookUp` with `parents` tells:
 * undefined for all else, faults too.
 */
export function plainPlace(root: DiskDirectory, path: string): DiskPlace | undefined {
  if (path.length > MOST_PATH) return undefined
  let directory = root
  for (let at = 0; ;) {
    const slash = path.indexOf('/', at)
    const name = slash < 0 ? path.slice(at) : path.slice(at, slash)
    if (name === '' || name === '.' || name === '..' || name.length > MOST_NAME) return undefined
    const node = directory.children.get(name)
    if (slash < 0) return { directory, name, node }
    if (node?.kind !== 'directory') return undefined
    directory = node
    at = slash + 1
  }
}

/**
 * Makes the directories of a path that are missing; a fault where that cannot be. A link that leads nowhere is a fault
 * (`refuse`), or what it leads to is made (`make`).
 */
export function makeDirectories(
  root: DiskDirectory,
  path: string,
  dangling: 'refuse' | 'make' = 'refuse',
): DiskFault | undefined {
  const found = walk(root, path, { follow: 'all', missing: dangling })
  if (isFault(found)) return found
  return found.node?.kind === 'directory' ? undefined : 'not a directory'
}

interface WalkOptions {
  readonly follow: 'all' | 'parents'
  /** What a missing directory is: a fault, or made; with `refuse` not where a link led there. */
  readonly missing: 'fault' | 'refuse' | 'make'
}

function walk(root: DiskDirectory, path: string, { follow, missing }: WalkOptions): DiskPlace | DiskFault {
  if (path.length > MOST_PATH) return 'file name too long'
  const stack = [root]
  const todo = partsOf(path).reverse()
  let links = 0
  let beyondLink = 0 // parts that are left once the last link's target is walked
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    const directory = stack.at(-1) ?? root
    if (part === '..') {
      if (stack.length > 1) stack.pop()
      continue
    }
    if (part.length > MOST_NAME) return 'file name too long'
    const isLast = todo.length === 0
    const isOfLink = links > 0 && todo.length >= beyondLink
    const node = directory.children.get(part) ?? made(directory, part, missing, isOfLink)
    if (node === undefined) {
      return isLast && missing === 'fault' ? { directory, name: part, node } : 'no such file or directory'
    }
    if (node.kind === 'symlink' && (!isLast || follow === 'all')) {
      links += 1
      if (links > MOST_LINKS) return 'too many levels of symbolic links'
      if (node.target.startsWith('/')) stack.splice(1)
      beyondLink = todo.length
      for (const one of partsOf(node.target).reverse()) todo.push(one)
      continue
    }
    if (isLast) return { directory, name: part, node }
    if (node.kind !== 'directory') return 'not a directory'
    stack.push(node)
  }
  return { directory: stack.at(-2) ?? root, name: '', node: stack.at(-1) ?? root }
}

function made(
  directory: DiskDirectory,
  name: string,
  missing: WalkOptions['missing'],
  isOfLink: boolean,
): DiskNode | undefined {
  if (missing === 'fault' || (missing === 'refuse' && isOfLink)) return undefined
  const node = emptyDirectory()
  directory.children.set(name, node)
  return node
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}
