import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { StoredFiles, StoredType } from './split-files.js'

/** A member of a plain tar that lies in a file of the system. */
export interface PackedMember {
  readonly type: StoredType
  readonly offset: number
  readonly size: number
  readonly linkPath: string
}

/** Files of a plain tar that is a file of the system, by what an index of it says. The file stays open until `close`. */
export function packedFiles(file: string, members: ReadonlyMap<string, PackedMember>): StoredFiles & { close(): void } {
  const handle = openSync(file, constants.O_RDONLY)
  return {
    typeOf: (key) => members.get(key)?.type,
    linkOf: (key) => members.get(key)?.linkPath ?? '',
    open(key) {
      const member = members.get(key)
      if (member === undefined) return 'missing'
      if (member.type !== 'file') return 'not-a-file'
      const { offset, size } = member
      return {
        size,
        read: (into, at) => readSync(handle, into, 0, Math.min(into.length, Math.max(0, size - at)), offset + at),
        close: () => undefined,
      }
    },
    close: () => closeSync(handle),
  }
}
