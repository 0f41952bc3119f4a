import type { Inode } from '../tree/node.js'

// What docker puts into the root of every container before it is exported (FORMATS: moby, daemon/initlayer/setup_unix.go).
const ADDED = new Set([
  '.dockerenv',
  '.dockerinit',
  'dev/console',
  'dev/pts',
  'dev/shm',
  'etc/hostname',
  'etc/hosts',
  'etc/mtab',
  'etc/resolv.conf',
  'proc',
  'sys',
])
// Made for the paths above, or touched by them.
const PARENTS = new Set(['dev', 'etc'])

/** Whether `docker export` shows its own file or directory at this path, whatever the image has there. */
export function isAddedByExport(path: string): boolean {
  return ADDED.has(path)
}

/** Whether `docker export` may have made this directory, and has changed its time in any case. */
export function isTouchedByExport(path: string): boolean {
  return PARENTS.has(path)
}

/** A time as it comes out of `docker export`: whole seconds, and those before 1970 became 1970 when the layer was unpacked. */
export function exportedTime(ns: bigint): bigint {
  return ns < 0n ? 0n : ns - (ns % 1_000_000_000n)
}

const CAPABILITY = 'security.capability'
// linux/capability.h: VFS_CAP_REVISION_3 carries the user namespace's root behind what revision 2 has.
const REVISION_2 = 2
const REVISION_3 = 3
const REVISION_2_BYTES = 20

/** The attributes that `docker export` writes: file capabilities, in their second revision. */
export function exportedXattrs({ xattrs }: Inode): ReadonlyMap<string, Uint8Array> {
  const value = xattrs.get(CAPABILITY)
  if (value === undefined) return new Map()
  // The revision is the last byte of a little-endian word.
  if (value[3] !== REVISION_3) return new Map([[CAPABILITY, value]])
  const second = value.slice(0, REVISION_2_BYTES)
  second[3] = REVISION_2
  return new Map([[CAPABILITY, second]])
}
