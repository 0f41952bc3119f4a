import type { Limits } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import { refusingMany } from '../../model/json.js'
import type { StoredFiles, StoredType } from '../../tar/split-files.js'
import type { FileLocator } from '../../tar/split-locator.js'

/** Everything that a file system keeps of one name, content left out. */
export interface StoreNode {
  readonly type: StoredType
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** The owner is another one for the daemon, which is not in the user namespace of its containers. */
  readonly isShifted?: true
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly devMajor: number
  readonly devMinor: number
  /** The same for all names of one file; only of files with several. */
  readonly identity?: string
}

/** Extended attributes by key and name. */
export type XattrsByKey = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>

/** A daemon's data-root, wherever it lies: read only, no link followed, names as latin1 keys (tar/path.ts). */
export interface Store extends StoredFiles, AsyncDisposable {
  readonly location: string
  node(key: string): StoreNode | undefined
  /** Whether the names in a directory are kept from us, so that `list` gives none. */
  isClosed(key: string): boolean
  /** Extended attributes of all below a key; undefined where nobody can tell. */
  xattrsBelow(key: string): Promise<XattrsByKey | undefined>
  /** Where a worker, too, finds what is below a key. */
  locator(key: string): FileLocator
  /** The file of the system that holds a file's bytes, and where in it they begin. */
  place(key: string): { readonly file: string; readonly offset: number } | undefined
}

const decoder = new TextDecoder()

/** The whole of a small file, as bytes; undefined where there is none. Errors: ERR_LIMIT, ERR_IO where it cannot be read. */
export function readStored(store: Store, key: string, limits: Limits): Uint8Array | undefined {
  const file = store.open(key)
  const location = `${store.location} › ${key}`
  if (file === 'unreadable') {
    throw new ArchiveError('ERR_IO', 'the file cannot be read', {
      location,
      hint: 'a data-root belongs to root: try sudo',
    })
  }
  if (typeof file === 'string') return undefined
  try {
    if (file.size > limits.json) {
      const hint = '--limit-json raises the limit'
      throw new ArchiveError('ERR_LIMIT', `a document of ${file.size} bytes`, { location, hint })
    }
    const bytes = new Uint8Array(file.size)
    let done = 0
    for (let count = 1; done < bytes.length && count > 0; done += count) count = file.read(bytes.subarray(done), done)
    return refusingMany(bytes.subarray(0, done), location, limits)
  } finally {
    file.close()
  }
}

/** A small file as text without the white space around it. */
export function readText(store: Store, key: string, limits: Limits): string | undefined {
  const bytes = readStored(store, key, limits)
  return bytes === undefined ? undefined : decoder.decode(bytes).trim()
}
