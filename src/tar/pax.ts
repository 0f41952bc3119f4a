import { TarStop } from './end.js'
import { narrow, type HeaderFields } from './header.js'
import { displayPath, latin1, latin1Bytes } from './path.js'

/** The records of one PAX header: the key one latin1 character a byte, the value raw; the last of equal keys counts. */
export interface PaxRecords {
  readonly records: ReadonlyMap<string, Uint8Array>
  /** Keys that stood there more than once. */
  readonly repeated: readonly string[]
}

const SPACE = 0x20
const EQUALS = 0x3d
const NEWLINE = 0x0a

const TEXT_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname'])
const SPARSE_OFFSET = 'GNU.sparse.offset'
const SPARSE_NUMBYTES = 'GNU.sparse.numbytes'

/**
 * The records in the content of an `x` or `g` entry whose header stands at `offset`; throws TarStop `pax`.
 * The pairs of GNU's sparse format 0.0, which repeat their keys, come out as the one `GNU.sparse.map` of 0.1, as in Go.
 */
export function readPax(content: Uint8Array, offset: number): PaxRecords {
  const records = new Map<string, Uint8Array>()
  const repeated: string[] = []
  const sparse: string[] = []
  for (let at = 0; at < content.length;) {
    const { key, value, next } = readRecord(content, at, offset)
    at = next
    if (key === SPARSE_OFFSET || key === SPARSE_NUMBYTES) {
      addSparse(sparse, key, latin1(value), offset)
      continue
    }
    if (records.has(key)) repeated.push(key)
    records.set(key, value)
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', latin1Bytes(sparse.join(',')))
  return { records, repeated }
}

/** One record, and where the next begins. */
export interface PaxRecord {
  readonly key: string
  readonly value: Uint8Array
  readonly next: number
}

/** The record at byte `at`: "LENGTH KEY=VALUE\n"; LENGTH counts the whole record, itself included. Throws TarStop `pax`. */
export function readRecord(content: Uint8Array, at: number, offset: number): PaxRecord {
  const space = content.indexOf(SPACE, at)
  // Twenty digits hold every length that can be meant: do not turn a megabyte of digits into a number.
  const length = space < 0 || space - at > 20 ? undefined : parseInteger(latin1(content.subarray(at, space)))
  if (typeof length !== 'number' || length < 5 || length > content.length - at) {
    throw new TarStop('pax', offset, 'a PAX record has no valid length')
  }
  const end = at + length - 1
  if (end < space + 1 || content[end] !== NEWLINE) {
    throw new TarStop('pax', offset, 'a PAX record does not end where its length says')
  }
  const equals = content.indexOf(EQUALS, space + 1)
  if (equals < 0 || equals >= end) throw new TarStop('pax', offset, 'a PAX record has no =')
  const key = latin1(content.subarray(space + 1, equals))
  const value = content.slice(equals + 1, end)
  if (TEXT_KEYS.has(key) ? value.includes(0) : key.includes('\0')) {
    throw new TarStop('pax', offset, `the PAX record ${JSON.stringify(key)} holds a NUL`)
  }
  return { key, value, next: end + 1 }
}

function addSparse(sparse: string[], key: string, value: string, offset: number): void {
  const expected = sparse.length % 2 === 0 ? SPARSE_OFFSET : SPARSE_NUMBYTES
  if (key !== expected || value.includes(',')) throw new TarStop('sparse', offset, 'a sparse map out of order')
  sparse.push(value)
}

/**
 * The header with the records put over its fields; an empty value leaves the field, as in Go.
 * `offset` is the header's; throws TarStop `pax` for a number or time that cannot be read.
 */
export function applyPax(header: HeaderFields, records: ReadonlyMap<string, Uint8Array>, offset: number): HeaderFields {
  const text = (key: string, field: Uint8Array) => present(records, key) ?? field
  const shown = (key: string) => {
    const value = present(records, key)
    return value === undefined ? undefined : displayPath(value)
  }
  const number = (key: string, field: number | bigint) => {
    const value = present(records, key)
    return value === undefined ? field : readInteger(key, value, offset)
  }
  const mtime = readTime(records, 'mtime', offset)
  // Not used, but a time that cannot be read makes Go refuse the header.
  readTime(records, 'atime', offset)
  readTime(records, 'ctime', offset)
  return {
    ...header,
    rawPath: text('path', header.rawPath),
    rawLinkPath: text('linkpath', header.rawLinkPath),
    uname: shown('uname') ?? header.uname,
    gname: shown('gname') ?? header.gname,
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    size: number('size', header.size),
    mtime: mtime?.seconds ?? header.mtime,
    mtimeNanos: mtime?.nanos ?? 0,
  }
}

/** The record's value unless it is absent or empty. */
export function present(records: ReadonlyMap<string, Uint8Array>, key: string): Uint8Array | undefined {
  const value = records.get(key)
  return value === undefined || value.length === 0 ? undefined : value
}

function readInteger(key: string, value: Uint8Array, offset: number): number | bigint {
  const number = parseInteger(latin1(value))
  if (number === undefined) throw new TarStop('pax', offset, `the PAX record ${key} is no number`)
  return number
}

/** A decimal number of 64 bits with an optional sign; undefined for anything else. */
export function parseInteger(text: string): number | bigint | undefined {
  if (text.length <= 15) return /^[+-]?[0-9]+$/.test(text) ? Number(text) + 0 : undefined
  // Leading zeros may make any number long; one beyond 64 bits is none, and is not converted.
  const match = /^([+-]?)0*([0-9]{1,19})$/.exec(text)
  if (match === null) return undefined
  const value = BigInt(`${match[1] === '-' ? '-' : ''}${match[2] ?? ''}`)
  return BigInt.asIntN(64, value) === value ? narrow(value) : undefined
}

/** Seconds since 1970, and nanoseconds of the same sign to add. */
export interface PaxTime {
  readonly seconds: number | bigint
  readonly nanos: number
}

function readTime(records: ReadonlyMap<string, Uint8Array>, key: string, offset: number): PaxTime | undefined {
  const value = present(records, key)
  if (value === undefined) return undefined
  const time = parseTime(value)
  if (time === undefined) throw new TarStop('pax', offset, `the PAX record ${key} is no time`)
  return time
}

/** "[-]D[.D…]": what follows the ninth digit is cut off, and `-1.5` is one and a half second before 1970. */
export function parseTime(value: Uint8Array): PaxTime | undefined {
  const text = latin1(value)
  const dot = text.indexOf('.')
  const whole = dot < 0 ? text : text.slice(0, dot)
  const fraction = dot < 0 ? '' : text.slice(dot + 1)
  const seconds = parseInteger(whole)
  if (seconds === undefined || !/^[0-9]*$/.test(fraction)) return undefined
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'))
  return { seconds, nanos: whole.startsWith('-') ? 0 - nanos : nanos }
}
