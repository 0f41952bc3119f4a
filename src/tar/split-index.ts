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
  let children: ReadonlyMap<string, ReadonlySet<string>> | undefined
  return {
    typeOf: (key) => members.get(key)?.type,
    linkOf: (key) => members.get(key)?.linkPath ?? '',
    list: (key) => [...((children ??= childrenOf(members.keys())).get(key) ?? [])].sort(),
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

/** The names in each directory, of those too that no member is named for. */
function childrenOf(keys: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const children = new Map<string, Set<string>>()
  for (const key of keys) {
    for (let child = key; child !== '';) {
      const slash = child.lastIndexOf('/')
      const parent = slash < 0 ? '' : child.slice(0, slash)
      const known = children.get(parent)
      if (known?.has(child.slice(slash + 1)) === true) break
      if (known === undefined) children.set(parent, new Set([child.slice(slash + 1)]))
      else known.add(child.slice(slash + 1))
      child = parent
    }
  }
  return children
}
