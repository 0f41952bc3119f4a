import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type PathLike,
  type Stats,
} from 'node:fs'
import { latin1, latin1Bytes } from './path.js'
import type { Absence, StoredFile, StoredFiles, StoredType } from './split-files.js'

/**
 * The files below a directory of the system, by their bytes; nothing is followed, nothing is written. Who looks at other
 * things of them as well shares the watch for links.
 */
export function directoryFilesOf(directory: string, isBehindLink = linkWatch(directory)): StoredFiles {
  return {
    typeOf(key) {
      if (isBehindLink(key)) return undefined
      try {
        const status = lstatSync(onDisk(directory, key), { throwIfNoEntry: false })
        return status === undefined ? undefined : typeOf(status)
      } catch {
        return 'other' // there is something that we may not look at
      }
    },
    linkOf: (key) => latin1(readlinkSync(onDisk(directory, key), { encoding: 'buffer' })),
    list(key) {
      try {
        if (isBehindLink(`${key}/.`)) return []
        const names = readdirSync(onDisk(directory, key), { encoding: 'buffer' })
        return names.map((name) => latin1(name)).sort()
      } catch {
        return []
      }
    },
    open: (key) => (isBehindLink(key) ? 'missing' : openFile(onDisk(directory, key))),
  }
}

/**
 * Tells whether a link stands for a folder on the way to a key: it may lead anywhere on the disk, and the directory is what
 * was named. Which folder was looked at last is remembered, since names come folder by folder.
 */
export function linkWatch(directory: string): (key: string) => boolean {
  let known = ''
  const isPlain = (folder: string): boolean => {
    if (folder === known || folder === '' || known.startsWith(`${folder}/`)) return true
    if (!isPlain(folderOf(folder)) || isLink(onDisk(directory, folder))) return false
    known = folder
    return true
  }
  return (key) => !isPlain(folderOf(key))
}

function folderOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')))
}

// What cannot be looked at is told where it is opened.
function isLink(path: PathLike): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  } catch {
    return false
  }
}

/** A key below a directory as a name for node:fs. */
export function onDisk(directory: string, key: string): PathLike {
  if (!/[^\x01-\x7f]/.test(key)) return `${directory}/${key}`
  const start = new TextEncoder().encode(`${directory}/`)
  const path = new Uint8Array(start.length + key.length)
  path.set(start)
  path.set(latin1Bytes(key), start.length)
  return path as PathLike // node:fs takes names as bytes in any Uint8Array, its types say Buffer
}

/** What a status says of a name. */
export function typeOf(
  status: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isCharacterDevice' | 'isBlockDevice' | 'isFIFO'>,
): StoredType {
  if (status.isFile()) return 'file'
  if (status.isDirectory()) return 'directory'
  if (status.isSymbolicLink()) return 'symlink'
  if (status.isCharacterDevice()) return 'char'
  if (status.isBlockDevice()) return 'block'
  return status.isFIFO() ? 'fifo' : 'other'
}

// A FIFO or a device put in the place of a file must not hang us.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

function openFile(path: PathLike): StoredFile | Absence {
  let file: number
  try {
    file = openSync(path, FLAGS)
  } catch (error) {
    return absenceOf(error)
  }
  const status = fstatSync(file)
  if (!status.isFile()) {
    closeSync(file)
    return 'not-a-file'
  }
  return {
    size: status.size,
    read: (into, offset) => readSync(file, into, 0, into.length, offset),
    close: () => closeSync(file),
  }
}

function absenceOf(error: unknown): Absence {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return 'missing'
  return code === 'ELOOP' || code === 'ENXIO' ? 'not-a-file' : 'unreadable'
}
