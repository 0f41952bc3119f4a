import type { TarEntryType } from '../../tar/entry.js'
import { cleanKey } from '../../tar/path.js'
import { emptyDirectory, isFault, lookUp, makeDirectories, type DiskDirectory, type DiskFault } from './disk.js'

/** One entry of a tar as an extractor uses it. */
export interface UntarEntry {
  /** As stored, a latin1 character a byte. */
  readonly name: string
  readonly type: TarEntryType
  readonly typeflag: string
  readonly link: string
  /** Kept with the file on the disk. */
  readonly content?: unknown
}

/**
 * How an extractor works, and names what the kernel refuses: in a chroot, `chroot-28` with other quotes; go-archive since
 * 0.3 below an open root.
 */
export type Dialect = 'chroot' | 'chroot-28' | 'root'

/**
 * Extracts a tar as moby's archive.Unpack does (FORMATS 2.4, 5.2, 5.3): for the outer archive with `whiteouts` as plain
 * files, for a layer of overlay2 with whiteouts as devices. The result is why it stops, in its words; what came before
 * stays on the disk.
 */
export function unpack(
  root: DiskDirectory,
  entries: readonly UntarEntry[],
  options: { readonly whiteouts: 'plain' | 'overlay'; readonly dialect: Dialect },
): string | undefined {
  for (const entry of entries) {
    // A global header makes nothing, not even a parent.
    if (entry.type === 'global') continue
    const clean = cleanKey(entry.name)
    if (clean.escapes && options.dialect === 'root') return `invalid entry name ${JSON.stringify(entry.name)}`
    const path = clean.key
    const parent = prepareParent(root, path, options.dialect)
    if (parent !== undefined) return parent
    const existing = lookUp(root, path, 'parents')
    const isDirectory = !isFault(existing) && existing.node?.kind === 'directory'
    if (isDirectory && path === '') continue
    if (!isFault(existing) && existing.node !== undefined && !(isDirectory && entry.type === 'directory')) {
      existing.directory.children.delete(existing.name)
    }
    const base = path.slice(path.lastIndexOf('/') + 1)
    const fault =
      options.whiteouts === 'overlay' && base.startsWith('.wh.')
        ? markWhiteout(root, path, options.dialect)
        : create(root, path, entry, options.dialect)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Makes the parents of a path where its parent is not there; what else is wrong shows when the file is made. */
// Linux, PATH_MAX without the NUL at the end.
const MOST_TARGET = 4095

function prepareParent(root: DiskDirectory, path: string, dialect: Dialect): string | undefined {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  const found = lookUp(root, parent, 'parents')
  if (dialect === 'root' && !isFault(found) && found.node?.kind === 'symlink') return linkedParent(root, parent)
  if (isFault(found) ? found !== 'no such file or directory' : found.node !== undefined) return undefined
  const fault = makeDirectories(root, parent)
  return fault === undefined ? undefined : `mkdir /${parent}: ${fault}`
}

// Below an open root a link that leads nowhere gets the directory it leads to.
function linkedParent(root: DiskDirectory, parent: string): string | undefined {
  const fault = makeDirectories(root, parent, 'make')
  return fault === 'too many levels of symbolic links' ? `statat ${parent}: ${fault}` : undefined
}

/** OverlayWhiteoutFormat: an opaque marker is an attribute of its directory, any other one a device 0/0. */
function markWhiteout(root: DiskDirectory, path: string, dialect: Dialect): string | undefined {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash + '.wh.'.length)
  if (path.slice(slash) === '.wh..wh..opq') return undefined
  if (dialect === 'root' && (name === '' || name === '.' || name === '..')) {
    return `invalid whiteout entry ${JSON.stringify(path)}`
  }
  const target = cleanKey(`${path.slice(0, slash)}${name}`).key
  const place = lookUp(root, target, 'parents')
  const fault = isFault(place) ? place : place.node !== undefined ? 'file exists' : undefined
  if (fault !== undefined) {
    const shown = dialect === 'root' ? target : `/${target}`
    const quoted = dialect === 'chroot' ? `"${shown}"` : `'${shown}'`
    return `failed to mknod(${quoted}, S_IFCHR, 0): ${fault}`
  }
  if (!isFault(place)) place.directory.children.set(place.name, { kind: 'special', type: 'whiteout' })
  return undefined
}

/** Makes what an entry stands for; the words are those of createTarFile. */
export function create(
  root: DiskDirectory,
  path: string,
  entry: UntarEntry,
  dialect: Dialect = 'chroot',
): string | undefined {
  const shown = dialect === 'root' ? path : `/${path}`
  const told = (verb: string, fault: DiskFault) =>
    dialect === 'root' ? `${verb}at ${shown}: ${fault}` : `${verb} ${shown}: ${fault}`
  if (entry.type === 'unknown') return `unhandled tar header type ${entry.typeflag.charCodeAt(0)}`
  if (entry.type === 'hardlink') return link(root, path, entry.link, dialect)
  const place = lookUp(root, path, 'parents')
  const verb = { file: 'open', directory: 'mkdir', symlink: 'symlink' }
  const name = entry.type in verb ? verb[entry.type as keyof typeof verb] : 'mknod'
  if (isFault(place)) return told(name, place)
  if (entry.type === 'directory') {
    if (place.node === undefined) place.directory.children.set(place.name, emptyDirectory())
    return undefined
  }
  if (entry.type === 'symlink') {
    if (entry.link === '') return `symlink ${entry.link} ${shown}: no such file or directory`
    if (entry.link.length > MOST_TARGET) return `symlink ${entry.link} ${shown}: file name too long`
    place.directory.children.set(place.name, { kind: 'symlink', target: entry.link })
  } else if (entry.type === 'file') {
    place.directory.children.set(place.name, { kind: 'file', content: entry.content })
  } else place.directory.children.set(place.name, { kind: 'special', type: entry.type })
  return undefined
}

/** link(2): the target must be there, below the same root, and no directory; its own last link is not followed. */
function link(root: DiskDirectory, path: string, target: string, dialect: Dialect): string | undefined {
  const key = cleanKey(target).key
  const told = (fault: DiskFault) =>
    dialect === 'root' ? `linkat ${key} ${path}: ${fault}` : `link /${key} /${path}: ${fault}`
  const source = lookUp(root, key, 'parents')
  if (isFault(source)) return told(source)
  if (source.node === undefined) return told('no such file or directory')
  const place = lookUp(root, path, 'parents')
  if (isFault(place)) return told(place)
  if (place.node !== undefined) return told('file exists')
  if (source.node.kind === 'directory') return told('operation not permitted')
  place.directory.children.set(place.name, source.node)
  return undefined
}
