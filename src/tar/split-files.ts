import type { FileType } from './file-type.js'
import { cleanKey } from './path.js'

/** What a name of a stored tree is. */
export type StoredType = FileType | 'other'

/** A file that is open for reading. */
export interface StoredFile {
  readonly size: number
  /** Reads from that offset on; gives how many bytes there were, 0 at the end. Errors: what the system says. */
  read(into: Uint8Array, offset: number): number
  close(): void
}

/** Why a file cannot be read. */
export type Absence = 'missing' | 'not-a-file' | 'unsafe' | 'unreadable'

/**
 * A tree of files by keys (tar/path.ts), without following any link. Synchronous: to open a small file costs a tenth of
 * what it costs with a promise, and layers are made of small files.
 */
export interface StoredFiles {
  /** Undefined where there is nothing of that name. */
  typeOf(key: string): StoredType | undefined
  /** The target of a symlink, a latin1 character a byte. */
  linkOf(key: string): string
  /** Names in a directory, sorted by their bytes; none where there is no such directory. */
  list(key: string): readonly string[]
  /** Opens a regular file; the last component is never followed. */
  open(key: string): StoredFile | Absence
}

/** Finds files by the names that a tar has for them, one latin1 character a byte. */
export interface FileLookup {
  open(name: string): StoredFile | Absence
  /** Where a cleaned path really is, its last name not followed; undefined where no directory holds it. */
  realOf(key: string): string | undefined
}

/** What the names of a tree are, by keys that begin at it. */
export type TreeView = Pick<StoredFiles, 'typeOf' | 'linkOf'>

// Linux follows 40.
const MOST_HOPS = 40

/**
 * Looks names of a layer up below `base`: a symlinked directory is followed within it, an absolute target starts at it,
 * and nothing leads out of it. The file itself must be a regular one.
 */
export function scopedLookup(files: StoredFiles, base: string): FileLookup {
  const at = (key: string) => (base === '' ? key : key === '' ? base : `${base}/${key}`)
  return lookupIn(
    base === '' ? files : { typeOf: (key) => files.typeOf(at(key)), linkOf: (key) => files.linkOf(at(key)) },
    (key) => files.open(at(key)),
  )
}

/** Looks names up in a view, and opens what they lead to. */
export function lookupIn(view: TreeView, open: (key: string) => StoredFile | Absence): FileLookup {
  const directoryOf = directoryFinder(view)
  const realOf = (key: string): string | undefined => {
    const slash = key.lastIndexOf('/')
    if (slash < 0) return key
    const parent = directoryOf(key.slice(0, slash))
    return parent === undefined ? undefined : parent === '' ? key.slice(slash + 1) : `${parent}${key.slice(slash)}`
  }
  return {
    realOf,
    open(name) {
      const { key, escapes, nul } = cleanKey(name)
      if (escapes || nul || key === '') return 'unsafe'
      const real = realOf(key)
      return real === undefined ? 'missing' : open(real)
    },
  }
}

// A directory holds many files: where its name leads is looked up once, and so is where its parents lead.
function directoryFinder(view: TreeView): (key: string) => string | undefined {
  const directories = new Map<string, string | undefined>([['', '']])
  return (key) => {
    if (directories.has(key)) return directories.get(key)
    let here: string | undefined = ''
    for (let slash = key.indexOf('/'); here !== undefined; slash = key.indexOf('/', slash + 1)) {
      const path = slash < 0 ? key : key.slice(0, slash)
      if (!directories.has(path)) directories.set(path, stepInto(view, here, path.slice(path.lastIndexOf('/') + 1)))
      here = directories.get(path)
      if (slash < 0) break
    }
    return here
  }
}

/** Where a name in a directory leads, as a directory; undefined where it is none. */
function stepInto(view: TreeView, parent: string, name: string): string | undefined {
  const here = parent === '' ? name : `${parent}/${name}`
  const type = view.typeOf(here)
  if (type === 'directory') return here
  return type === 'symlink' ? resolveDirectory(view, here) : undefined
}

function resolveDirectory(view: TreeView, key: string): string | undefined {
  const done: string[] = []
  const todo = key.split('/').reverse()
  let hops = 0
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      done.pop() // above the root of a layer lies its root
      continue
    }
    const here = [...done, part].join('/')
    const type = view.typeOf(here)
    if (type === 'directory') done.push(part)
    else if (type === 'symlink' && ++hops <= MOST_HOPS) {
      const target = view.linkOf(here)
      if (target.startsWith('/')) done.length = 0
      for (const one of target.split('/').reverse()) todo.push(one)
    } else return undefined
  }
  return done.join('/')
}
