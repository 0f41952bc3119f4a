import { accessSync, constants, lstatSync, type BigIntStats, type PathLike } from 'node:fs'
import { resolve } from 'node:path'
import type { RunContext } from '../../context.js'
import { directoryFilesOf, linkWatch, onDisk, typeOf } from '../../tar/split-directory.js'
import { liveXattrs } from './live-xattrs.js'
import type { Store, StoreNode } from './store.js'

/** A data-root as a directory of the system. */
export function directoryStore(directory: string, context: RunContext): Store {
  const root = resolve(directory)
  const isBehindLink = linkWatch(root)
  return {
    ...directoryFilesOf(root, isBehindLink),
    location: directory,
    node(key) {
      const status = isBehindLink(key) ? undefined : statusOf(onDisk(root, key))
      if (status === undefined) return undefined
      const type = typeOf(status)
      const { rdev } = status
      const isShared = type !== 'directory' && status.nlink > 1n
      const node: StoreNode = {
        type,
        mode: Number(status.mode & 0o7777n),
        uid: Number(status.uid),
        gid: Number(status.gid),
        size: type === 'file' ? Number(status.size) : 0,
        mtimeNs: status.mtimeNs,
        // Linux, gnu_dev_major and gnu_dev_minor.
        devMajor: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
        devMinor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
        ...(isShared && { identity: `${status.dev}:${status.ino}` }),
      }
      return node
    },
    isClosed: (key) => isClosed(onDisk(root, key)),
    xattrsBelow: (key) => (isBehindLink(key) ? Promise.resolve(new Map()) : liveXattrs(`${root}/${key}`, context)),
    locator: (base) => ({ kind: 'directory', directory: root, base }),
    place(key) {
      const isNamed = !/[^\x01-\x7f]/.test(key) && !isBehindLink(key)
      return isNamed ? { file: `${root}/${key}`, offset: 0 } : undefined
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function statusOf(path: PathLike): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined // no permission: files below are told as unreadable where they are needed
  }
}

function isClosed(directory: PathLike): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES'
  }
}
