import type { FileType } from './file-type.js'
import { cleanKey, latin1 } from './path.js'

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
  /** Opens a regular file; the last component is never followed. */
  open(key: string): StoredFile | Absence
}

/** Finds files by the names that a tar has for them. */
export interface FileLookup {
  open(rawName: Uint8Array): StoredFile | Absence
}

// Linux follows 40.
const MOST_HOPS = 40

/**
 * Looks names of a layer up below `base`: a symlinked directory is followed within it, an absolute target starts at it,
 * and nothing leads out of it. The file itself must be a regular one.
 */
export function scopedLookup(files: StoredFiles, base: string): FileLookup {
  // A directory holds many files: where its name leads is looked up once, and so is where its parents lead.
  const directories = new Map<string, string | undefined>([['', '']])
  const at = (key: string) => (base === '' ? key : key === '' ? base : `${base}/${key}`)
  const directoryOf = (key: string): string | undefined => {
    if (directories.has(key)) return directories.get(key)
    let here: string | undefined = ''
    for (let slash = key.indexOf('/'); here !== undefined; slash = key.indexOf('/', slash + 1)) {
      const path = slash < 0 ? key : key.slice(0, slash)
      if (!directories.has(path))
        directories.set(path, stepInto(files, at, here, path.slice(path.lastIndexOf('/') + 1)))
      here = directories.get(path)
      if (slash < 0) break
    }
    return here
  }
  return {
    open(rawName) {
      const name = latin1(rawName)
      const { key, escapes, nul } = cleanKey(name)
      if (escapes || nul || key === '') return 'unsafe'
      const slash = key.lastIndexOf('/')
      const parent = directoryOf(slash < 0 ? '' : key.slice(0, slash))
      if (parent === undefined) return 'missing'
      const base = key.slice(slash + 1)
      return files.open(at(parent === '' ? base : `${parent}/${base}`))
    },
  }
}

/** Where a name in a directory leads, as a directory; undefined where it is none. */
function stepInto(files: StoredFiles, at: (key: string) => string, parent: string, name: string): string | undefined {
  const here = parent === '' ? name : `${parent}/${name}`
  const type = files.typeOf(at(here))
  if (type === 'directory') return here
  return type === 'symlink' ? resolveDirectory(files, at, here) : undefined
}

function resolveDirectory(files: StoredFiles, at: (key: string) => string, key: string): string | undefined {
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
    const type = files.typeOf(at(here))
    if (type === 'directory') done.push(part)
    else if (type === 'symlink' && ++hops <= MOST_HOPS) {
      const target = files.linkOf(at(here))
      if (target.startsWith('/')) done.length = 0
      todo.push(...target.split('/').reverse())
    } else return undefined
  }
  return done.join('/')
}
