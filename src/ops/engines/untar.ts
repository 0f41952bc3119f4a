import type { TarEntryType } from '../../tar/entry.js'
import { cleanKey } from '../../tar/path.js'
import {
  emptyDirectory,
  fileNode,
  isFault,
  lookUp,
  makeDirectories,
  plainPlace,
  type DiskDirectory,
  type DiskFault,
  type DiskPlace,
} from './disk.js'

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
  entries: Iterable<UntarEntry>,
  options: { readonly whiteouts: 'plain' | 'overlay'; readonly dialect: Dialect },
): string | undefined {
  for (const entry of entries) {
    // A global header makes nothing, not even a parent.
    if (entry.type === 'global') continue
    const clean = cleanKey(entry.name)
    if (clean.escapes && options.dialect === 'root') return `invalid entry name ${JSON.stringify(entry.name)}`
    const path = clean.key
    const plain = plainPlace(root, path)
    const parent = plain === undefined ? prepareParent(root, path, options.dialect) : undefined
    if (parent !== undefined) return parent
    if (path === '') continue
    const place = clear(root, path, entry, plain)
    const base = path.slice(path.lastIndexOf('/') + 1)
    const fault =
      options.whiteouts === 'overlay' && base.startsWith('.wh.')
        ? markWhiteout(root, path, options.dialect)
        : create(root, { path, place, entry, dialect: options.dialect })
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Takes away what is where an entry goes, unless both are directories; the root stays. The result is the place then. */
export function clear(
  root: DiskDirectory,
  path: string,
  { type }: UntarEntry,
  plain: DiskPlace | undefined,
): DiskPlace | DiskFault {
  const place = plain ?? lookUp(root, path, 'parents')
  if (isFault(place) || place.node === undefined || place.name === '') return place
  if (place.node.kind === 'directory' && type === 'directory') return place
  const { directory, name } = place
  directory.children.delete(name)
  // A link on the way may have led through what is gone now.
  return plain === undefined ? lookUp(root, path, 'parents') : { directory, name, node: undefined }
}

// Linux, PATH_MAX without the NUL at the end.
const MOST_TARGET = 4095

/** Makes the parents of a path where its parent is not there; what else is wrong shows when the file is made. */
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

/** What is to be made, and where: the place is that of the path, and nothing is there but a directory for a directory. */
interface Creation {
  readonly path: string
  readonly place: DiskPlace | DiskFault
  readonly entry: UntarEntry
  readonly dialect: Dialect
}

/** Makes what an entry stands for; the words are those of createTarFile. */
export function create(root: DiskDirectory, { path, place, entry, dialect }: Creation): string | undefined {
  if (entry.type === 'unknown') return `unhandled tar header type ${entry.typeflag.charCodeAt(0)}`
  if (entry.type === 'hardlink') return link(root, { path, place, entry, dialect })
  const shown = dialect === 'root' ? path : `/${path}`
  if (isFault(place)) return `${verbOf(entry)}${dialect === 'root' ? 'at' : ''} ${shown}: ${place}`
  if (entry.type === 'directory') {
    if (place.node === undefined) place.directory.children.set(place.name, emptyDirectory())
    return undefined
  }
  if (entry.type === 'symlink') {
    if (entry.link === '') return `symlink ${entry.link} ${shown}: no such file or directory`
    if (entry.link.length > MOST_TARGET) return `symlink ${entry.link} ${shown}: file name too long`
    place.directory.children.set(place.name, { kind: 'symlink', target: entry.link })
  } else if (entry.type === 'file') {
    place.directory.children.set(place.name, fileNode(entry.content))
  } else place.directory.children.set(place.name, { kind: 'special', type: entry.type })
  return undefined
}

function verbOf({ type }: UntarEntry): string {
  if (type === 'file') return 'open'
  if (type === 'directory') return 'mkdir'
  return type === 'symlink' ? 'symlink' : 'mknod'
}

/** link(2): the target must be there, below the same root, and no directory; its own last link is not followed. */
function link(root: DiskDirectory, { path, place, entry, dialect }: Creation): string | undefined {
  const key = cleanKey(entry.link).key
  const told = (fault: DiskFault) =>
    dialect === 'root' ? `linkat ${key} ${path}: ${fault}` : `link /${key} /${path}: ${fault}`
  const source = lookUp(root, key, 'parents')
  if (isFault(source)) return told(source)
  if (source.node === undefined) return told('no such file or directory')
  if (isFault(place)) return told(place)
  if (place.node !== undefined) return told('file exists')
  if (source.node.kind === 'directory') return told('operation not permitted')
  place.directory.children.set(place.name, source.node)
  return undefined
}
