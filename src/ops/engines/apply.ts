import { cleanKey } from '../../tar/path.js'
import { isFault, lookUp, makeDirectories, plainPlace, type DiskDirectory, type DiskPlace } from './disk.js'
import { clear, create, type UntarEntry } from './untar.js'

/**
 * Applies a layer onto the tree of the layers below it, as moby's archive.UnpackLayer does for vfs and every driver in
 * naive mode (FORMATS 5.3, right-hand column). The result is why it stops, in its words.
 */
export function applyNaive(root: DiskDirectory, entries: Iterable<UntarEntry>): string | undefined {
  const made = hasOpaque(entries) ? new Set<string>() : undefined
  const pseudoLinks = new Set<string>()
  for (const stored of entries) {
    const path = cleanKey(stored.name).key
    const place = plainPlace(root, path)
    const parent = place === undefined ? makeParent(root, path) : undefined
    if (parent !== undefined) return parent
    // AUFS kept its own things under this prefix; what other entries link to is kept aside for them.
    if (path.startsWith('.wh..wh.') && path !== '.wh..wh..opq') {
      if (stored.type === 'file') pseudoLinks.add(path)
      continue
    }
    const isPseudo = stored.type === 'hardlink' && pseudoLinks.has(cleanKey(stored.link).key)
    const entry: UntarEntry = isPseudo ? { ...stored, type: 'file' } : stored
    const base = path.slice(path.lastIndexOf('/') + 1)
    const fault = base.startsWith('.wh.') ? removeMarked(root, path, made) : replace(root, path, entry, place)
    if (fault !== undefined) return fault
    made?.add(path)
  }
  return undefined
}

/** Only an opaque marker asks what its layer made before. */
function hasOpaque(entries: Iterable<UntarEntry>): boolean {
  for (const { name } of entries) if (name.includes('.wh..wh..opq')) return true
  return false
}

function makeParent(root: DiskDirectory, path: string): string | undefined {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  const found = lookUp(root, parent, 'parents')
  if (isFault(found) ? found !== 'no such file or directory' : found.node !== undefined) return undefined
  const fault = makeDirectories(root, parent)
  return fault === undefined ? undefined : `mkdir /${parent}: ${fault}`
}

/** What a marker takes away: with an opaque one all that this layer did not make itself. */
function removeMarked(root: DiskDirectory, path: string, made: ReadonlySet<string> = new Set()): string | undefined {
  const slash = path.lastIndexOf('/') + 1
  const directory = path.slice(0, slash)
  const name = path.slice(slash + '.wh.'.length)
  if (path.slice(slash) === '.wh..wh..opq') {
    const found = lookUp(root, directory, 'all')
    if (isFault(found)) return `lstat /${directory}: ${found}`
    if (found.node?.kind === 'directory') empty(found.node, directory, made)
    return undefined
  }
  const target = cleanKey(`${directory}${name}`).key
  if (target === '') return 'unlinkat .//: device or resource busy'
  const found = lookUp(root, target, 'parents')
  if (!isFault(found)) found.directory.children.delete(found.name)
  return undefined
}

function empty(directory: DiskDirectory, path: string, made: ReadonlySet<string>): void {
  for (const [name, child] of directory.children) {
    if (!made.has(`${path}${name}`)) directory.children.delete(name)
    else if (child.kind === 'directory') empty(child, `${path}${name}/`, made)
  }
}

function replace(root: DiskDirectory, path: string, entry: UntarEntry, plain?: DiskPlace): string | undefined {
  if (entry.type === 'global') return undefined
  const place = clear(root, path, entry, plain)
  return create(root, { path, place, entry, dialect: 'chroot' })
}

/**
 * Applies a layer as containerd does: the parents' links are resolved below the root first, duplicates are taken. The
 * first layer goes into an empty directory and obeys whiteouts by removing; later ones go into the upper directory of an
 * overlay, where a whiteout is a device (FORMATS 5.3).
 */
export function applyContainerd(
  root: DiskDirectory,
  entries: Iterable<UntarEntry>,
  way: 'first' | 'overlay',
): string | undefined {
  const made = way === 'first' && hasOpaque(entries) ? new Set<string>() : undefined
  for (const entry of entries) {
    const path = cleanKey(entry.name).key
    const base = path.slice(path.lastIndexOf('/') + 1)
    if (path === '') continue
    const place = plainPlace(root, path)
    const parent = place === undefined ? containerdParent(root, path) : undefined
    if (parent !== undefined) return parent
    if (base.startsWith('.wh.')) {
      const fault = containerdWhiteout(root, path, base, way, made)
      if (fault !== undefined) return fault
      continue
    }
    const fault = replace(root, path, entry, place)
    if (fault !== undefined) return fault
    made?.add(path)
  }
  return undefined
}

// fs.RootPath follows links that lead nowhere, and mkparent then makes what they lead to.
function containerdParent(root: DiskDirectory, path: string): string | undefined {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  const fault = makeDirectories(root, parent, 'make')
  if (fault === 'too many levels of symbolic links') return 'failed to get root path: too many links'
  return fault === undefined ? undefined : `mkparent /${parent}: ${fault}`
}

function containerdWhiteout(
  root: DiskDirectory,
  path: string,
  base: string,
  way: 'first' | 'overlay',
  made: ReadonlySet<string> | undefined,
): string | undefined {
  const name = base.slice('.wh.'.length)
  if (base !== '.wh..wh..opq' && (name === '' || name === '.' || name === '..')) {
    return `invalid whiteout name: ${base}: invalid archive`
  }
  if (way === 'first') return removeMarked(root, path, made)
  if (base === '.wh..wh..opq') return undefined
  const target = `${path.slice(0, path.length - base.length)}${name}`
  const found = lookUp(root, target, 'parents')
  if (!isFault(found) && found.node !== undefined) return `failed to convert whiteout file "${base}": file exists`
  if (!isFault(found)) found.directory.children.set(found.name, { kind: 'special', type: 'whiteout' })
  return undefined
}
