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

/** The files below a directory of the system, by their bytes; nothing is followed, nothing is written. */
export function directoryFilesOf(directory: string): StoredFiles {
  return {
    typeOf(key) {
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
        const path = onDisk(directory, key)
        // The folder of a layer may be a link to anywhere on the disk; the whole directory is what was named.
        if (key !== '' && lstatSync(path).isSymbolicLink()) return []
        const names = readdirSync(path, { encoding: 'buffer' })
        return names.map((name) => latin1(name)).sort()
      } catch {
        return []
      }
    },
    open: (key) => openFile(onDisk(directory, key)),
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
