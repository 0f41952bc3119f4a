import type { Span } from '../bytes/source.js'
import type { SparseRegion, TarEntry, TarEntryType } from './entry.js'
import { TarStop } from './end.js'
import type { HeaderFields } from './header.js'
import type { Meta } from './meta.js'
import { applyPax } from './pax.js'
import { displayPath } from './path.js'

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  g: 'global',
}

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

function typeOf(header: HeaderFields): TarEntryType {
  // V7 had no directories: a trailing slash in the final name makes one, and only for the type NUL.
  if (header.typeflag === 0 && header.rawPath.at(-1) === 0x2f) return 'directory'
  return TYPES[String.fromCharCode(header.typeflag)] ?? 'unknown'
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
  return {
    path: displayPath(rawPath),
    rawPath,
    type,
    typeflag: typeflag === 0 ? '0' : String.fromCharCode(typeflag),
    mode: Number(header.mode),
    uid: Number(header.uid),
    gid: Number(header.gid),
    uname: displayPath(uname),
    gname: displayPath(gname),
    size: sparse === undefined ? Number(header.size) : sparse.size,
    mtimeNs: BigInt(header.mtime) * 1_000_000_000n + BigInt(header.mtimeNanos),
    linkPath: displayPath(rawLinkPath),
    rawLinkPath,
    devMajor: Number(header.devMajor),
    devMinor: Number(header.devMinor),
    pax,
    header: place.header,
    content: place.content,
    ...(sparse === undefined ? {} : { sparse: sparse.regions }),
  }
}

/** The entry that Go makes of a global header: its name, or the path that its records would give, and the records. */
export function globalEntryOf(header: HeaderFields, meta: Meta, place: EntryPlace): TarEntry {
  const path = meta.records.get('path')
  const named = path === undefined || path.length === 0 ? header : { ...header, rawPath: path }
  return entryOf({ header: { ...named, size: 0 }, type: 'global', stored: 0 }, place, meta.records)
}
