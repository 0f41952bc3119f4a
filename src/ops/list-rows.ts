import type { EntryReport } from '../model/report.js'
import type { TarEntry } from '../tar/entry.js'
import { cleanPath, latin1, latin1Bytes, latin1Of } from '../tar/path.js'
import type { Inode } from '../tree/node.js'
import type { Located } from '../tree/tree.js'
import { whiteoutOf } from '../tree/whiteout.js'

/**
 * The row of a node of a tree. `first` is the path of the first name of its inode: a later name is a hard link to it,
 * and has the size of the file all the same.
 */
export function treeRow({ path, node }: Located, first: string | undefined): EntryReport {
  const { inode, layer } = node
  const linked = first !== undefined && first !== path
  const link = linked ? absolute(first) : inode.linkPath
  const type = linked ? 'hardlink' : inode.type
  const name = nameOf(path)
  const xattrs = [...inode.xattrs.keys()]
  if (isUsual(inode, name.pathBytes, link, xattrs)) return usualRow(name.path, type, inode, layer)
  return {
    ...name,
    type,
    ...metadata(inode),
    ...(link !== '' && { linkPath: readable(link) }),
    ...device(inode.type, inode),
    xattrs: xattrs.sort(),
    layer,
  }
}

/** Whether a row has none of the fields that few have. */
function isUsual(
  { type }: { readonly type: string },
  pathBytes: string | undefined,
  link: string,
  xattrs: readonly string[],
): boolean {
  return pathBytes === undefined && link === '' && xattrs.length === 0 && type !== 'char' && type !== 'block'
}

type Metadata = Pick<Inode, 'mode' | 'uid' | 'gid' | 'size' | 'mtimeNs'>

// Most rows: putting an object together from parts takes ten times as long, and twice the memory.
function usualRow(path: string, type: EntryReport['type'], data: Metadata, layer: number): EntryReport {
  const { mode, uid, gid, size, mtimeNs } = data
  return { path, type, mode: mode & 0o7777, uid, gid, size, mtime: secondsOf(mtimeNs), xattrs: [], layer }
}

/** The row of an entry as a layer has it; a whiteout shows what it hides, a marker of an opaque directory that directory. */
export function entryRow(entry: TarEntry, layer: number): EntryReport {
  const { key } = cleanPath(entry.rawPath)
  const mark = whiteoutOf(key)
  const marks = mark?.kind === 'whiteout' || mark?.kind === 'opaque' ? mark : undefined
  const link = entry.type === 'symlink' || entry.type === 'hardlink' ? latin1(entry.rawLinkPath) : ''
  const name = nameOf(marks?.path ?? key)
  const type = marks?.kind ?? (entry.type === 'global' ? 'unknown' : entry.type)
  const xattrs = entry.pax.size === 0 ? [] : xattrNames(entry)
  if (isUsual(entry, name.pathBytes, link, xattrs)) return usualRow(name.path, type, entry, layer)
  return {
    ...name,
    type,
    ...metadata(entry),
    ...(link !== '' && { linkPath: readable(link) }),
    ...device(entry.type, entry),
    xattrs,
    layer,
  }
}

function metadata({ mode, uid, gid, size, mtimeNs }: Metadata) {
  return { mode: mode & 0o7777, uid, gid, size, mtime: secondsOf(mtimeNs) }
}

function device(type: string, { devMajor, devMinor }: Pick<Inode, 'devMajor' | 'devMinor'>): { device?: string } {
  return type === 'char' || type === 'block' ? { device: `${devMajor},${devMinor}` } : {}
}

// As stored: those of overlayfs too, which a merged tree leaves out.
function xattrNames({ pax }: TarEntry): string[] {
  const prefix = 'SCHILY.xattr.'
  return Array.from(pax.keys())
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .sort()
}

/** Seconds since 1970 with as many digits of the fraction as there are: `1700000000`, `-1.5`, `0.000000001`. */
export function secondsOf(ns: bigint): string {
  const positive = ns < 0n ? -ns : ns
  const nanos = positive % 1_000_000_000n
  const whole = `${ns < 0n ? '-' : ''}${positive / 1_000_000_000n}`
  return nanos === 0n ? whole : `${whole}.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`
}

/** A key as reports carry names: absolute, readable, and its bytes in base64 where they are not UTF-8. */
export function nameOf(key: string): { path: string; pathBytes?: string } {
  const path = readable(absolute(key))
  return path.includes('\ufffd') && !isUtf8(key) ? { path, pathBytes: btoa(absolute(key)) } : { path }
}

function absolute(key: string): string {
  return `/${key}`
}

/** Text of a name that is one latin1 character a byte; U+FFFD where it is not UTF-8. */
export function readable(name: string): string {
  return /^[\0-\x7f]*$/.test(name) ? name : DECODER.decode(latin1Bytes(name))
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })

// A name may hold a real U+FFFD.
function isUtf8(key: string): boolean {
  return latin1Of(readable(key)) === key
}
