import { ArchiveError } from '../errors.js'

/** A database file that can be read anywhere; gives how many bytes there were, 0 at the end. */
export interface BoltFile {
  readonly size: number
  read(into: Uint8Array, offset: number): number
}

/** What stands below a key. */
export type BoltItem =
  | { readonly kind: 'value'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'bucket'; readonly key: Uint8Array; readonly bucket: BoltBucket }

/** A bucket: its items in the order of their keys. Errors while walking: ERR_DOCUMENT where pages make no tree. */
export interface BoltBucket {
  items(): Generator<BoltItem>
}

interface Database {
  readonly file: BoltFile
  readonly location: string
  readonly pageSize: number
}

interface Meta {
  readonly pageSize: number
  readonly root: number
  readonly transaction: bigint
}

const MAGIC = 0xed0cdaed
const VERSION = 2
const PAGE_HEADER = 16
const META_BYTES = 80 // page header and all of the meta, its checksum last
const ELEMENT = 16
const BUCKET_HEADER = 16
const SIZES = [1, 2, 4, 8, 16, 32, 64].map((kib) => kib * 1024)
const MOST_PAGE = 64 * 1024 * 1024
const [BRANCH, LEAF] = [0x01, 0x02]

/**
 * The root bucket of a bbolt database (go.etcd.io/bbolt, internal/common: page, meta, bucket), as its last whole
 * transaction left it; nothing is written or locked. Errors: ERR_NOT_ARCHIVE where no meta page is whole.
 */
export function openBolt(file: BoltFile, location: string): BoltBucket {
  const meta = newestMeta(file)
  if (meta === undefined) throw new ArchiveError('ERR_NOT_ARCHIVE', 'this is no bbolt database', { location })
  return bucketAt({ file, location, pageSize: meta.pageSize }, meta.root)
}

/** The item of a bucket under a key, or undefined. */
export function boltItem(bucket: BoltBucket, key: string): BoltItem | undefined {
  for (const item of bucket.items()) if (boltText(item.key) === key) return item
  return undefined
}

/** The bucket that a path of keys leads to; undefined where one is missing. */
export function boltBucket(bucket: BoltBucket, ...path: readonly string[]): BoltBucket | undefined {
  let found: BoltBucket | undefined = bucket
  for (const key of path) {
    const item: BoltItem | undefined = found === undefined ? undefined : boltItem(found, key)
    found = item?.kind === 'bucket' ? item.bucket : undefined
  }
  return found
}

/** Bytes of a key or value as text. */
export function boltText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** The value of a bucket under a key; empty where there is none. */
export function boltValue(bucket: BoltBucket, key: string): Uint8Array {
  const item = boltItem(bucket, key)
  return item?.kind === 'value' ? item.value : new Uint8Array(0)
}

/** Go's encoding/binary.Uvarint: seven bits a byte, lowest first. */
export function boltUnsigned(bytes: Uint8Array): number {
  return Number(varint(bytes))
}

/** Go's encoding/binary.Varint: as Uvarint, the sign in the lowest bit. */
export function boltNumber(bytes: Uint8Array): number {
  const value = varint(bytes)
  return Number((value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n)
}

function varint(bytes: Uint8Array): bigint {
  const end = bytes.findIndex((byte) => byte < 0x80)
  let value = 0n
  for (const [at, byte] of bytes.subarray(0, Math.min(end + 1, 10)).entries()) {
    value |= BigInt(byte & 0x7f) << BigInt(7 * at)
  }
  return value
}

// Transactions write the two first pages in turn; a torn write leaves the other one.
function newestMeta(file: BoltFile): Meta | undefined {
  const metas = [0, ...SIZES].map((offset) => metaAt(file, offset)).filter((meta) => meta !== undefined)
  return metas.reduce<Meta | undefined>(
    (best, meta) => (best === undefined || meta.transaction > best.transaction ? meta : best),
    undefined,
  )
}

function metaAt(file: BoltFile, offset: number): Meta | undefined {
  const bytes = new Uint8Array(META_BYTES)
  if (fill(file, bytes, offset) < META_BYTES) return undefined
  const view = new DataView(bytes.buffer)
  if (view.getUint32(16, true) !== MAGIC || view.getUint32(20, true) !== VERSION) return undefined
  if (view.getBigUint64(72, true) !== fnv64a(bytes.subarray(16, 72))) return undefined
  const pageSize = view.getUint32(24, true)
  if (!SIZES.includes(pageSize) || (offset !== 0 && offset !== pageSize)) return undefined
  return { pageSize, root: Number(view.getBigUint64(32, true)), transaction: view.getBigUint64(64, true) }
}

function fnv64a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

function fill(file: BoltFile, bytes: Uint8Array, offset: number): number {
  let done = 0
  for (let count = 1; done < bytes.length && count > 0; done += count) {
    count = file.read(bytes.subarray(done), offset + done)
  }
  return done
}

function bucketAt(database: Database, root: number): BoltBucket {
  return { items: () => walk(database, root) }
}

function* walk(database: Database, root: number): Generator<BoltItem> {
  const seen = new Set<number>()
  const todo = [root]
  for (let number = todo.pop(); number !== undefined; number = todo.pop()) {
    // A page that two parents lead to would be walked without end.
    if (seen.has(number)) throw damaged(database, number, 'two pages lead to one')
    seen.add(number)
    const page = readPage(database, number)
    const flags = new DataView(page.buffer).getUint16(8, true)
    if ((flags & LEAF) !== 0) yield* leafItems(database, page, number)
    else if ((flags & BRANCH) !== 0) todo.push(...childrenOf(database, page, number).reverse())
    else throw damaged(database, number, 'it is neither branch nor leaf')
  }
}

function readPage(database: Database, number: number): Uint8Array {
  const { file, pageSize } = database
  const offset = number * pageSize
  if (number < 2 || !(offset + pageSize <= file.size)) throw damaged(database, number, 'it lies outside of the file')
  const head = new Uint8Array(pageSize)
  fill(file, head, offset)
  const size = (new DataView(head.buffer).getUint32(12, true) + 1) * pageSize
  if (size === pageSize) return head
  if (size > MOST_PAGE || offset + size > file.size) throw damaged(database, number, 'it is longer than the file')
  const whole = new Uint8Array(size)
  fill(file, whole, offset)
  return whole
}

function childrenOf(database: Database, page: Uint8Array, number: number): number[] {
  const view = viewOf(page)
  const count = countOf(database, page, number)
  return Array.from({ length: count }, (_, at) => Number(view.getBigUint64(PAGE_HEADER + at * ELEMENT + 8, true)))
}

function* leafItems(database: Database, page: Uint8Array, number: number): Generator<BoltItem> {
  const view = viewOf(page)
  const count = countOf(database, page, number)
  for (let at = 0; at < count; at++) {
    const element = PAGE_HEADER + at * ELEMENT
    const start = element + view.getUint32(element + 4, true)
    const middle = start + view.getUint32(element + 8, true)
    const end = middle + view.getUint32(element + 12, true)
    if (end > page.length) throw damaged(database, number, 'an item is longer than it')
    const [key, value] = [page.slice(start, middle), page.slice(middle, end)]
    const isBucket = (view.getUint32(element, true) & 1) !== 0
    yield isBucket ? { kind: 'bucket', key, bucket: nested(database, value, number) } : { kind: 'value', key, value }
  }
}

/** A bucket lies in pages of its own, or, where it is small, in the value itself behind a root of 0. */
function nested(database: Database, value: Uint8Array, number: number): BoltBucket {
  if (value.length < BUCKET_HEADER) throw damaged(database, number, 'a bucket has no header')
  const root = Number(viewOf(value).getBigUint64(0, true))
  if (root !== 0) return bucketAt(database, root)
  const page = value.slice(BUCKET_HEADER)
  if (page.length < PAGE_HEADER) throw damaged(database, number, 'a bucket inside it has no header')
  return { items: () => leafItems(database, page, number) }
}

function countOf(database: Database, page: Uint8Array, number: number): number {
  const count = viewOf(page).getUint16(10, true)
  if (PAGE_HEADER + count * ELEMENT > page.length) throw damaged(database, number, 'it has more items than space')
  return count
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

function damaged({ location }: Database, number: number, why: string): ArchiveError {
  return new ArchiveError('ERR_DOCUMENT', `page ${number} of the database is damaged: ${why}`, { location })
}
