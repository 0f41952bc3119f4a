import { TarStop } from './end.js'
import { readString, type HeaderFields } from './header.js'
import { readPax } from './pax.js'

/** What the entries before an entry say about it: PAX records, and GNU's long name and long link target. */
export interface Meta {
  readonly records: ReadonlyMap<string, Uint8Array>
  readonly longName: Uint8Array | undefined
  readonly longLink: Uint8Array | undefined
  /** PAX headers that stood before the entry; the last one counts. */
  readonly paxHeaders: number
  readonly repeated: readonly string[]
}

/** Nothing was said. */
export const NO_META: Meta = {
  records: new Map(),
  longName: undefined,
  longLink: undefined,
  paxHeaders: 0,
  repeated: [],
}

const PAX_LOCAL = 0x78 // x
const PAX_GLOBAL = 0x67 // g
const GNU_LONG_NAME = 0x4c // L
const GNU_LONG_LINK = 0x4b // K

/** Whether the type byte is that of an entry which only says something about the next one, or of a global header. */
export function isMeta(typeflag: number): boolean {
  return isPax(typeflag) || typeflag === GNU_LONG_NAME || typeflag === GNU_LONG_LINK
}

/** Whether the type byte is that of a PAX header, of the next entry or a global one. */
export function isPax(typeflag: number): boolean {
  return typeflag === PAX_LOCAL || isGlobal(typeflag)
}

/** Whether the type byte is that of a PAX global header. */
export function isGlobal(typeflag: number): boolean {
  return typeflag === PAX_GLOBAL
}

/** Bytes of a meta entry; throws TarStop where there are more than `limit`. */
export function metaSize(header: HeaderFields, limit: number, offset: number): number {
  const { size } = header
  if (size < 0) throw new TarStop('size', offset, 'a PAX header or long name of negative size')
  if (typeof size === 'number' && size <= limit) return size
  throw new TarStop(
    'limit',
    offset,
    `a PAX header or long name of ${size.toString()} bytes; ${limit.toString()} are allowed (--limit-pax)`,
  )
}

/** What is known once one more meta entry was read; a second PAX header replaces the first, as in Go. */
export function addMeta(meta: Meta, typeflag: number, content: Uint8Array, offset: number): Meta {
  if (typeflag === GNU_LONG_NAME) return { ...meta, longName: readString(content, 0, content.length) }
  if (typeflag === GNU_LONG_LINK) return { ...meta, longLink: readString(content, 0, content.length) }
  return { ...meta, ...readPax(content, offset), paxHeaders: meta.paxHeaders + 1 }
}
