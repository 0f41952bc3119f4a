import type { Span } from '../bytes/source.js'
import type { SparseRegion, TarEntry, TarEntryType } from './entry.js'
import { TarStop } from './end.js'
import type { HeaderFields } from './header.js'
import type { Meta } from './meta.js'
import { applyPax } from './pax.js'
import { displayPath } from './path.js'

// By the type byte's digit, '0' to '6'.
const TYPES: readonly TarEntryType[] = ['file', 'hardlink', 'symlink', 'char', 'block', 'directory', 'fifo']

/** A header with all that its meta entries say, and what it makes. */
export interface MemberFields {
  readonly header: HeaderFields
  readonly type: TarEntryType
  /** Content bytes that follow the header, without padding; none follow links, devices, FIFOs and directories. */
  readonly stored: number
}

/** The member that a header at `offset` and its meta entries describe: header fields < PAX records < GNU long names. */
export function memberOf(header: HeaderFields, meta: Meta, offset: number): MemberFields {
  // Go looks at the header's own size first, even where a PAX record replaces it.
  if (hasContent(typeOf(header)) && header.size < 0) throw negativeSize(offset)
  const merged = withLongNames(meta.records.size === 0 ? header : applyPax(header, meta.records, offset), meta)
  const type = typeOf(merged)
  return { header: merged, type, stored: hasContent(type) ? contentSize(merged, offset) : 0 }
}

// An empty long name says nothing.
function withLongNames(header: HeaderFields, { longName, longLink }: Meta): HeaderFields {
  if (longName === undefined && longLink === undefined) return header
  const rawPath = longName !== undefined && longName.length > 0 ? longName : header.rawPath
  const rawLinkPath = longLink !== undefined && longLink.length > 0 ? longLink : header.rawLinkPath
  return { ...header, rawPath, rawLinkPath }
}

function typeOf({ typeflag, rawPath }: HeaderFields): TarEntryType {
  // V7 had no directories: a trailing slash in the final name makes one, and only for the type NUL.
  if (typeflag === 0) return rawPath.at(-1) === 0x2f ? 'directory' : 'file'
  return TYPES[typeflag - 0x30] ?? 'unknown'
}

function hasContent(type: TarEntryType): boolean {
  return type === 'file' || type === 'unknown'
}

function contentSize({ size }: HeaderFields, offset: number): number {
  if (size < 0) throw negativeSize(offset)
  if (typeof size === 'number') return size
  throw new TarStop('size', offset, `a size of ${size.toString()} bytes is more than can be counted`)
}

function negativeSize(offset: number): TarStop {
  return new TarStop('size', offset, 'a negative size')
}

/** What a sparse map changes in its entry. */
export interface SparseFields {
  readonly name: Uint8Array | undefined
  readonly size: number
  readonly regions: readonly SparseRegion[]
}

/** Where an entry lies in the tar. */
export interface EntryPlace {
  readonly header: Span
  readonly content: Span
}

/** The entry of a member. */
export function entryOf(
  member: MemberFields,
  place: EntryPlace,
  pax: TarEntry['pax'],
  sparse?: SparseFields,
): TarEntry {
  const { header, type } = member
  const rawPath = sparse?.name ?? header.rawPath
  const { rawLinkPath, uname, gname, typeflag } = header
  const entry: TarEntry = {
    path: displayPath(rawPath),
    rawPath,
    type,
    typeflag: typeflag === 0 ? '0' : String.fromCharCode(typeflag),
    mode: Number(header.mode),
    uid: Number(header.uid),
    gid: Number(header.gid),
    uname,
    gname,
    size: sparse === undefined ? Number(header.size) : sparse.size,
    mtimeNs: nanoseconds(header),
    linkPath: displayPath(rawLinkPath),
    rawLinkPath,
    devMajor: Number(header.devMajor),
    devMinor: Number(header.devMinor),
    pax,
    header: place.header,
    content: place.content,
  }
  return sparse === undefined ? entry : { ...entry, sparse: sparse.regions }
}

function nanoseconds({ mtime, mtimeNanos }: HeaderFields): bigint {
  const whole = BigInt(mtime) * 1_000_000_000n
  return mtimeNanos === 0 ? whole : whole + BigInt(mtimeNanos)
}

/** The entry that Go makes of a global header: its name, or the path that its records would give, and the records. */
export function globalEntryOf(header: HeaderFields, meta: Meta, place: EntryPlace): TarEntry {
  const path = meta.records.get('path')
  const named = path === undefined || path.length === 0 ? header : { ...header, rawPath: path }
  return entryOf({ header: { ...named, size: 0 }, type: 'global', stored: 0 }, place, meta.records)
}
