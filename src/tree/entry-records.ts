import { ENTRY_TYPES, type SparseRegion, type TarEntry } from '../tar/entry.js'
import { latin1, latin1Bytes } from '../tar/path.js'
import { emptyMember, type PlainMember } from '../tar/plain-header.js'
import type { Spelling } from '../tar/spelling.js'

/** What an entry of a layer tells of what it makes. Its bytes are views of the record: to be used at once, or copied. */
export type RecordedEntry = Omit<TarEntry, 'path' | 'linkPath' | 'uname' | 'gname'> & {
  /** Only where it was asked for. */
  readonly spelling?: Spelling
}

/** Takes entries and keeps them as bytes, which go from thread to thread for nothing and are decoded once. */
export interface EntryRecords {
  add(entry: TarEntry, spelling: Spelling | undefined): void
  addPlain(member: PlainMember): void
  /** Bytes that are kept. */
  readonly size: number
  /** The records so far, in a buffer of their own; begins anew. */
  take(): Uint8Array<ArrayBuffer>
}

// A record: 96 bytes of numbers, then name and link target, then what few entries have.
const FIXED = 96
const [PAX, SPARSE, SPELLING, FAR_TIME, IS_PLAIN] = [1, 2, 4, 8, 16]
// That of a plain member: 56 bytes of numbers, then name and link target.
const FIXED_PLAIN = 56
const FIRST_SIZE = 64 * 1024

/** An empty list of records. */
export function entryRecords(): EntryRecords {
  let bytes = new Uint8Array(FIRST_SIZE)
  let view = new DataView(bytes.buffer)
  let used = 0
  const reserve = (size: number) => {
    if (used + size <= bytes.length) return
    const larger = new Uint8Array(Math.max(used + size, bytes.length * 2))
    larger.set(bytes.subarray(0, used))
    bytes = larger
    view = new DataView(bytes.buffer)
  }
  return {
    get size() {
      return used
    },
    add(entry, spelling) {
      const { rawPath, rawLinkPath } = entry
      const rest = restOf(entry, spelling)
      const size = FIXED + rawPath.length + rawLinkPath.length + rest.length
      reserve(size)
      writeNumbers(view, used, { entry, spelling, size })
      bytes.set(rawPath, used + FIXED)
      bytes.set(rawLinkPath, used + FIXED + rawPath.length)
      bytes.set(rest, used + size - rest.length)
      used += size
    },
    addPlain(member) {
      const { nameIn, nameStart, nameEnd, link } = member
      const name = nameEnd - nameStart
      const size = FIXED_PLAIN + name + link.length
      reserve(size)
      writePlainNumbers(view, used, member, size)
      const at = used + FIXED_PLAIN
      for (let next = 0; next < name; next++) bytes[at + next] = nameIn[nameStart + next] ?? 0
      if (link.length > 0) bytes.set(link, at + name)
      used += size
    },
    take() {
      const taken = bytes.slice(0, used)
      used = 0
      return taken
    },
  }
}

interface Written {
  readonly entry: TarEntry
  readonly spelling: Spelling | undefined
  readonly size: number
}

// Numbers of a header may be as large as a double, or negative.
function writeNumbers(view: DataView, at: number, { entry, spelling, size }: Written): void {
  const { pax, sparse, header, content, rawPath, rawLinkPath, mtimeNs } = entry
  const isFar = BigInt.asIntN(64, mtimeNs) !== mtimeNs
  const flags =
    (pax.size > 0 ? PAX : 0) |
    (sparse === undefined ? 0 : SPARSE) |
    (spelling === undefined ? 0 : SPELLING) |
    (isFar ? FAR_TIME : 0)
  view.setUint32(at, size)
  view.setUint8(at + 4, ENTRY_TYPES.indexOf(entry.type))
  view.setUint8(at + 5, entry.typeflag.charCodeAt(0))
  view.setUint8(at + 6, flags)
  view.setUint32(at + 8, rawPath.length)
  view.setUint32(at + 12, rawLinkPath.length)
  view.setBigInt64(at + 16, isFar ? 0n : mtimeNs)
  view.setFloat64(at + 24, entry.mode)
  view.setFloat64(at + 32, entry.uid)
  view.setFloat64(at + 40, entry.gid)
  view.setFloat64(at + 48, entry.size)
  view.setFloat64(at + 56, header.offset)
  view.setFloat64(at + 64, header.length)
  view.setFloat64(at + 72, content.length)
  view.setFloat64(at + 80, entry.devMajor)
  view.setFloat64(at + 88, entry.devMinor)
}

function writePlainNumbers(view: DataView, at: number, member: PlainMember, size: number): void {
  view.setUint32(at, size)
  view.setUint8(at + 4, ENTRY_TYPES.indexOf(member.type))
  view.setUint8(at + 6, IS_PLAIN)
  view.setUint32(at + 8, member.nameEnd - member.nameStart)
  view.setUint32(at + 12, member.link.length)
  view.setFloat64(at + 16, member.mtime)
  // Eight octal digits fit into 24 bits.
  view.setUint32(at + 24, member.mode)
  view.setUint32(at + 28, member.uid)
  view.setUint32(at + 32, member.gid)
  view.setUint32(at + 36, member.headerLength)
  view.setFloat64(at + 40, member.size)
  view.setFloat64(at + 48, member.offset)
}

/** What few entries have, as JSON of latin1 texts. */
interface Rest {
  readonly pax?: readonly (readonly [key: string, value: string])[]
  readonly sparse?: readonly SparseRegion[]
  readonly spelling?: Spelling
  /** Nanoseconds that 64 bits do not hold. */
  readonly time?: string
}

const NOTHING = new Uint8Array(0)

function restOf({ pax, sparse, mtimeNs }: TarEntry, spelling: Spelling | undefined): Uint8Array {
  const isFar = BigInt.asIntN(64, mtimeNs) !== mtimeNs
  if (pax.size === 0 && sparse === undefined && spelling === undefined && !isFar) return NOTHING
  const rest: Rest = {
    ...(pax.size > 0 && { pax: Array.from(pax, ([key, value]) => [key, latin1(value)] as const) }),
    ...(sparse !== undefined && { sparse }),
    ...(spelling !== undefined && { spelling }),
    ...(isFar && { time: `${mtimeNs}` }),
  }
  return new TextEncoder().encode(JSON.stringify(rest))
}

const NO_PAX: TarEntry['pax'] = new Map()

/** Hears of entries in order; what it is told is valid until the call returns. */
export interface RecordHandlers {
  readonly onEntry: (entry: RecordedEntry) => void
  readonly onPlain: (member: PlainMember) => void
}

/** Tells the entries of records. */
export function readEntryRecords(bytes: Uint8Array, { onEntry, onPlain }: RecordHandlers): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const member = emptyMember()
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
    if (view.getUint8(at + 6) === IS_PLAIN) {
      readPlain(bytes, view, at, member)
      onPlain(member)
    } else onEntry(readRecord(bytes, view, at))
  }
}

function readPlain(bytes: Uint8Array, view: DataView, at: number, member: PlainMember): void {
  const type = ENTRY_TYPES[view.getUint8(at + 4)]
  member.type = type === 'directory' || type === 'symlink' ? type : 'file'
  member.mtime = view.getFloat64(at + 16)
  member.mode = view.getUint32(at + 24)
  member.uid = view.getUint32(at + 28)
  member.gid = view.getUint32(at + 32)
  member.headerLength = view.getUint32(at + 36)
  member.size = view.getFloat64(at + 40)
  member.offset = view.getFloat64(at + 48)
  member.nameIn = bytes
  member.nameStart = at + FIXED_PLAIN
  member.nameEnd = member.nameStart + view.getUint32(at + 8)
  const link = view.getUint32(at + 12)
  member.link = link === 0 ? NOTHING : bytes.subarray(member.nameEnd, member.nameEnd + link)
}

function readRecord(bytes: Uint8Array, view: DataView, at: number): RecordedEntry {
  const link = at + FIXED + view.getUint32(at + 8)
  const end = link + view.getUint32(at + 12)
  const header = { offset: view.getFloat64(at + 56), length: view.getFloat64(at + 64) }
  const entry: RecordedEntry = {
    rawPath: bytes.subarray(at + FIXED, link),
    rawLinkPath: bytes.subarray(link, end),
    type: ENTRY_TYPES[view.getUint8(at + 4)] ?? 'unknown',
    typeflag: String.fromCharCode(view.getUint8(at + 5)),
    mtimeNs: view.getBigInt64(at + 16),
    mode: view.getFloat64(at + 24),
    uid: view.getFloat64(at + 32),
    gid: view.getFloat64(at + 40),
    size: view.getFloat64(at + 48),
    header,
    // The content begins where the headers end.
    content: { offset: header.offset + header.length, length: view.getFloat64(at + 72) },
    devMajor: view.getFloat64(at + 80),
    devMinor: view.getFloat64(at + 88),
    pax: NO_PAX,
  }
  if (view.getUint8(at + 6) === 0) return entry
  return withRest(entry, bytes.subarray(end, at + view.getUint32(at)))
}

function withRest(entry: RecordedEntry, bytes: Uint8Array): RecordedEntry {
  const { pax, sparse, spelling, time } = JSON.parse(new TextDecoder().decode(bytes)) as Rest // as restOf wrote it
  return {
    ...entry,
    ...(pax !== undefined && { pax: new Map(pax.map(([key, value]) => [key, latin1Bytes(value)])) }),
    ...(sparse !== undefined && { sparse }),
    ...(spelling !== undefined && { spelling }),
    ...(time !== undefined && { mtimeNs: BigInt(time) }),
  }
}
