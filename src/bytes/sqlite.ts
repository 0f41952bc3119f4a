/** The rows of a table as stored: integers, texts and blobs as their bytes, null. */
export type SqliteValue = number | Uint8Array | null

interface Database {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly pageSize: number
  readonly usable: number
  /** Pages that were walked: a b-tree has none twice. */
  readonly seen: Set<number>
  /** Bytes that the rows still to come may have: no byte belongs to two, whatever a damaged file says. */
  readonly budget: { left: number }
}

const MAGIC = 'SQLite format 3\0'
const LEAF = 13
const INTERIOR = 5

/** Whether the bytes are a database of SQLite 3. */
export function isSqlite(bytes: Uint8Array): boolean {
  return bytes.length >= 512 && textOf(bytes.subarray(0, MAGIC.length)) === MAGIC
}

/**
 * The rows of a table of a SQLite 3 database file (sqlite.org, fileformat2), in the order of their row IDs. What a
 * write-ahead log holds beside the file is not seen. Damage ends the walk early; a table that is not there has no rows.
 */
export function* sqliteRows(bytes: Uint8Array, table: string): Generator<readonly SqliteValue[]> {
  const database = open(bytes)
  if (database === undefined) return
  const root = rootOf(database, table)
  if (root !== undefined) yield* rowsOf({ ...database, seen: new Set(), budget: { left: bytes.length } }, root)
}

function open(bytes: Uint8Array): Database | undefined {
  if (!isSqlite(bytes)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // 16 - page size, 1 stands for 65536; 20 - bytes reserved at the end of each page
  const size = view.getUint16(16)
  const pageSize = size === 1 ? 65536 : size
  const usable = pageSize - view.getUint8(20)
  return pageSize < 512 || usable < 480
    ? undefined
    : { bytes, view, pageSize, usable, seen: new Set(), budget: { left: bytes.length } }
}

/** sqlite_schema, at page 1: type, name, tbl_name, rootpage, sql. */
function rootOf(database: Database, table: string): number | undefined {
  for (const [type, name, , page] of rowsOf(database, 1)) {
    if (textOf(type) === 'table' && textOf(name) === table && typeof page === 'number') return page
  }
  return undefined
}

function textOf(value: SqliteValue | undefined): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined
}

function* rowsOf(database: Database, root: number): Generator<readonly SqliteValue[]> {
  const { view, pageSize, seen } = database
  const todo = [root]
  for (let page = todo.pop(); page !== undefined; page = todo.pop()) {
    const start = (page - 1) * pageSize
    if (page < 1 || seen.has(page) || start + pageSize > view.byteLength) continue
    seen.add(page)
    const header = start + (page === 1 ? 100 : 0)
    const [kind, count] = [view.getUint8(header), view.getUint16(header + 3)]
    if (kind !== LEAF && kind !== INTERIOR) continue
    const cells = cellsOf(database, start, header + (kind === LEAF ? 8 : 12), count)
    if (kind === LEAF) for (const cell of cells) yield* rowAt(database, start, cell)
    else todo.push(view.getUint32(header + 8), ...cells.toReversed().map((cell) => view.getUint32(cell)))
  }
}

/** Where the cells of a page begin, in the order of their keys. */
function cellsOf({ view, pageSize }: Database, start: number, pointers: number, count: number): number[] {
  const cells: number[] = []
  for (let at = pointers; at < pointers + 2 * count && at + 2 <= start + pageSize; at += 2) {
    const cell = start + view.getUint16(at)
    if (cell + 4 <= start + pageSize) cells.push(cell)
  }
  return cells
}

function* rowAt(database: Database, start: number, cell: number): Generator<readonly SqliteValue[]> {
  const size = varint(database.bytes, cell)
  const key = varint(database.bytes, size.end)
  const payload = payloadAt(database, { at: key.end, size: size.value, end: start + database.pageSize })
  if (payload !== undefined) yield recordOf(payload, key.value)
}

interface Payload {
  readonly at: number
  readonly size: number
  /** Of the page. */
  readonly end: number
}

/** The bytes of a row, those on overflow pages too. */
function payloadAt(
  { bytes, view, pageSize, usable, budget }: Database,
  { at, size, end }: Payload,
): Uint8Array | undefined {
  if (size > budget.left) return undefined
  // fileformat2, 1.6: how much of a payload stays on a leaf of a table
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitted = least + ((size - least) % (usable - 4))
  const local = size <= usable - 35 ? size : fitted <= usable - 35 ? fitted : least
  const isWhole = local === size
  if (at + local + (isWhole ? 0 : 4) > end) return undefined
  budget.left -= size
  if (isWhole) return bytes.subarray(at, at + size)
  const whole = new Uint8Array(size)
  whole.set(bytes.subarray(at, at + local))
  let filled = local
  for (let page = view.getUint32(at + local); filled < size;) {
    const start = (page - 1) * pageSize
    if (page < 1 || start + pageSize > bytes.length) return undefined
    const length = Math.min(usable - 4, size - filled)
    whole.set(bytes.subarray(start + 4, start + 4 + length), filled)
    filled += length
    page = view.getUint32(start)
  }
  return whole
}

function recordOf(payload: Uint8Array, rowID: number): SqliteValue[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const head = varint(payload, 0)
  const values: SqliteValue[] = []
  let body = head.value
  for (let at = head.end; at < head.value && at < payload.length;) {
    const { value: serial, end } = varint(payload, at)
    at = end
    const length = lengthOf(serial)
    if (body + length > payload.length) break
    // A null in the first column of a rowid table with an INTEGER PRIMARY KEY stands for the row ID.
    values.push(serial === 0 && values.length === 0 ? rowID : valueOf(view, payload, { serial, at: body, length }))
    body += length
  }
  return values
}

const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0]

function lengthOf(serial: number): number {
  return serial < 12 ? (LENGTHS[serial] ?? 0) : Math.floor((serial - 12) / 2)
}

function valueOf(
  view: DataView,
  bytes: Uint8Array,
  { serial, at, length }: { serial: number; at: number; length: number },
): SqliteValue {
  if (serial >= 12) return bytes.subarray(at, at + length)
  if (serial === 7) return view.getFloat64(at)
  if (serial === 0 || serial > 9) return null
  if (serial >= 8) return serial - 8
  let value = 0n
  for (let index = 0; index < length; index++) value = (value << 8n) | BigInt(view.getUint8(at + index))
  return Number(BigInt.asIntN(length * 8, value))
}

/** A big-endian varint of up to nine bytes; values beyond 2^53 lose their low bits, and are no sizes anyway. */
function varint(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let index = 0; index < 8; index++) {
    const byte = bytes[from + index] ?? 0
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, end: from + index + 1 }
  }
  return { value: value * 256 + (bytes[from + 8] ?? 0), end: from + 9 }
}
