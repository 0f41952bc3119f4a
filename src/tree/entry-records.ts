import type { SparseRegion, TarEntry, TarEntryType } from '../tar/entry.js'
import { latin1, latin1Bytes } from '../tar/path.js'
import type { Spelling } from '../tar/spelling.js'

/** What an entry of a layer tells of what it makes. Its bytes are views of the record: to be used at once, or copied. */
export type RecordedEntry = Omit<TarEntry, 'path' | 'linkPath' | 'uname' | 'gname'> & {
  /** Only where it was asked for. */
  readonly spelling?: Spelling
}

/** Takes entries and keeps them as bytes, which go from thread to thread for nothing and are decoded once. */
export interface EntryRecords {
  add(entry: TarEntry, spelling: Spelling | undefined): void
  /** Bytes that are kept. */
  readonly size: number
  /** The records so far, in a buffer of their own; begins anew. */
  take(): Uint8Array<ArrayBuffer>
}

const TYPES: readonly TarEntryType[] = [
  'file',
  'hardlink',
  'symlink',
  'char',
  'block',
  'directory',
  'fifo',
  'global',
  'unknown',
]

// A record: 96 bytes of numbers, then name and link target, then what few entries have.
const FIXED = 96
const [PAX, SPARSE, SPELLING, FAR_TIME] = [1, 2, 4, 8]
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
  view.setUint8(at + 4, TYPES.indexOf(entry.type))
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

/** The entries of records, in order. */
export function* readEntryRecords(bytes: Uint8Array): Generator<RecordedEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) yield readRecord(bytes, view, at)
}

function readRecord(bytes: Uint8Array, view: DataView, at: number): RecordedEntry {
  const link = at + FIXED + view.getUint32(at + 8)
  const end = link + view.getUint32(at + 12)
  const header = { offset: view.getFloat64(at + 56), length: view.getFloat64(at + 64) }
  const entry: RecordedEntry = {
    rawPath: bytes.subarray(at + FIXED, link),
    rawLinkPath: bytes.subarray(link, end),
    type: TYPES[view.getUint8(at + 4)] ?? 'unknown',
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
