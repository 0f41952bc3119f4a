import { posix } from 'node:path'
import { concat } from '../bytes/concat.js'
import { ArchiveError } from '../errors.js'
import type { TarEntry } from './entry.js'
import { BLOCK, paddingOf } from './header.js'
export { paddingOf } from './header.js'
import { displayKey, latin1, latin1Bytes, latin1Of } from './path.js'

type EntryFields =
  | 'rawPath'
  | 'rawLinkPath'
  | 'typeflag'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'uname'
  | 'gname'
  | 'size'
  | 'mtimeNs'
  | 'devMajor'
  | 'devMinor'

/** What a header is made of. All of it is the caller's: type bits in the mode, the slash after a directory, a link's size 0. */
export interface TarHeaderFields extends Pick<TarEntry, EntryFields> {
  /** PAX records to carry, such as SCHILY.xattr.*; keys latin1, values raw. The fields' own records come by themselves. */
  readonly records?: ReadonlyMap<string, Uint8Array>
}

/** What ends a tar: two zero blocks, as Go and docker write them, and no rounding up. */
export const TAR_END_BYTES = 2 * BLOCK

/**
 * The header blocks of one entry, byte for byte as Go's archive/tar writes them for docker: ustar where all fits,
 * else a PAX header before it with the records that did not. Throws ERR_OUTPUT for what neither can hold.
 */
export function tarHeader({ rawPath, rawLinkPath, ...fields }: TarHeaderFields): Uint8Array {
  return memberHeader({ ...fields, path: latin1(rawPath), linkPath: latin1(rawLinkPath) })
}

/** Fields with names as texts of one latin1 character a byte. */
export interface MemberFields extends Omit<TarHeaderFields, 'rawPath' | 'rawLinkPath'> {
  readonly path: string
  readonly linkPath: string
}

/** `tarHeader` for names that are latin1 texts already. `block` is empty, and what the result may lie in. */
export function memberHeader(fields: MemberFields, block: Uint8Array = new Uint8Array(BLOCK)): Uint8Array {
  const texts = textsOf(fields)
  const { name } = texts
  refuseUnwritable(fields, texts)
  const time = secondsOf(fields.mtimeNs)
  if (isPlain(fields, texts, time)) return headerBlock(block, fields, texts, time.seconds, '')
  const split = splitName(name)
  const records = recordsOf(fields, texts, time)
  const fitsUstar = records.size === 0 || (records.size === 1 && records.has('path') && split !== undefined)
  if (!fitsUstar) return concat([paxHeader(name, records), headerBlock(block, fields, texts, time.seconds, '')])
  if (split === undefined) return headerBlock(block, fields, texts, time.seconds, '')
  return headerBlock(block, fields, { ...texts, name: split.name }, time.seconds, split.prefix)
}

/** Whether one block says all, as with most members: no other is looked at twice. */
function isPlain(fields: MemberFields, { name, link, uname, gname }: Texts, { seconds, nanos }: Time): boolean {
  return (
    fields.records === undefined &&
    nanos === 0n &&
    fits(seconds, 12) &&
    fits(fields.uid, 8) &&
    fits(fields.gid, 8) &&
    fits(fields.size, 12) &&
    fitsText(name, 100) &&
    fitsText(link, 100) &&
    fitsText(uname, 32) &&
    fitsText(gname, 32)
  )
}

/** The texts of a header as latin1, so that lengths are those of the bytes. */
interface Texts {
  readonly name: string
  readonly link: string
  readonly uname: string
  readonly gname: string
}

function textsOf({ path, linkPath, uname, gname }: MemberFields): Texts {
  return { name: path, link: linkPath, uname: uname && latin1Of(uname), gname: gname && latin1Of(gname) }
}

function refuseUnwritable(fields: MemberFields, { name, link, uname, gname }: Texts): void {
  const refuse = (why: string) => new ArchiveError('ERR_OUTPUT', `${why}: ${JSON.stringify(displayKey(name))}`)
  if (!fits(fields.mode, 8)) throw refuse('a mode that no tar header holds')
  if (!fits(fields.devMajor, 8) || !fits(fields.devMinor, 8)) throw refuse('a device number that no tar header holds')
  if (fields.size < 0) throw refuse('a negative size')
  if (name.includes('\0') || link.includes('\0') || uname.includes('\0') || gname.includes('\0')) {
    throw refuse('a NUL in a name')
  }
  // Readers take such a name for a directory's; links may point to one.
  if ('0346'.includes(fields.typeflag) && name.endsWith('/')) throw refuse('a slash after a name that is no directory')
}

// The octal digits of a field leave room for a NUL.
const ABOVE: Readonly<Record<FieldWidth, number>> = { 7: 8 ** 6, 8: 8 ** 7, 12: 8 ** 11 }
/** Bytes of a field of a header. */
export type FieldWidth = 7 | 8 | 12

function fits(number: number, width: FieldWidth): boolean {
  return number >= 0 && number < ABOVE[width]
}

function fitsText(text: string, width: number): boolean {
  return text.length <= width && isAscii(text)
}

function isAscii(text: string): boolean {
  return !/[^\x01-\x7f]/.test(text)
}

/** A name of more than 100 bytes, cut at the last slash that leaves both parts short enough. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= 100 || !isAscii(name)) return undefined
  const length = name.length > 156 ? 156 : name.endsWith('/') ? name.length - 1 : name.length
  const at = name.lastIndexOf('/', length - 1)
  const rest = name.length - at - 1
  return at <= 0 || at > 155 || rest === 0 || rest > 100
    ? undefined
    : { prefix: name.slice(0, at), name: name.slice(at + 1) }
}

/** The records of all that ustar does not hold, and those to carry. */
function recordsOf(
  fields: MemberFields,
  { name, link, uname, gname }: Texts,
  { seconds, nanos }: Time,
): Map<string, Uint8Array> {
  const records = new Map(fields.records)
  const text = (key: string, value: string, width: number) => {
    if (!fitsText(value, width)) records.set(key, latin1Bytes(value))
  }
  const number = (key: string, value: number, width: FieldWidth) => {
    if (!fits(value, width)) records.set(key, latin1Bytes(value.toString()))
  }
  text('path', name, 100)
  text('linkpath', link, 100)
  text('uname', uname, 32)
  text('gname', gname, 32)
  number('uid', fields.uid, 8)
  number('gid', fields.gid, 8)
  number('size', fields.size, 12)
  if (nanos !== 0n || !fits(seconds, 12)) records.set('mtime', latin1Bytes(timeRecord(fields.mtimeNs)))
  return records
}

/** Whole seconds, as exact as a number is, and the nanoseconds above them. */
interface Time {
  readonly seconds: number
  readonly nanos: bigint
}

function secondsOf(ns: bigint): Time {
  const seconds = ns / 1_000_000_000n
  const nanos = ns - seconds * 1_000_000_000n
  return nanos < 0n
    ? { seconds: Number(seconds - 1n), nanos: nanos + 1_000_000_000n }
    : { seconds: Number(seconds), nanos }
}

// Decimal seconds; a fraction without trailing zeros, and the sign before all of it.
function timeRecord(ns: bigint): string {
  const size = ns < 0n ? -ns : ns
  const fraction = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${ns < 0n ? '-' : ''}${(size / 1_000_000_000n).toString()}${fraction === '' ? '' : `.${fraction}`}`
}

const PAX_MOST = 1024 * 1024 // Go's reader refuses more

/** The `x` entry: its block, the records sorted by key, and padding. */
function paxHeader(name: string, records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1)) // latin1 keys sort as their bytes do
  const body = concat(sorted.map(([key, value]) => paxRecord(key, value)))
  if (body.length > PAX_MOST) {
    throw new ArchiveError('ERR_OUTPUT', `PAX records of ${body.length.toString()} bytes: ${JSON.stringify(name)}`)
  }
  const slash = name.lastIndexOf('/') + 1
  const shown = asciiOf(posix.join(name.slice(0, slash), 'PaxHeaders.0', name.slice(slash)))
  const block = new Uint8Array(BLOCK)
  writeText(block, 0, 100, shown.slice(0, 100).replace(/\/+$/, ''))
  for (const at of [100, 108, 116]) writeOctal(block, at, 8, 0)
  writeOctal(block, 124, 12, body.length)
  writeOctal(block, 136, 12, 0)
  seal(block, 'x')
  return concat([block, body, new Uint8Array(paddingOf(body.length))])
}

/** "LENGTH KEY=VALUE\n"; LENGTH counts its own digits too. Keys are latin1. */
export function paxRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = key.length + value.length + 3
  let length = rest + rest.toString().length
  length = rest + length.toString().length
  return concat([latin1Bytes(`${length.toString()} ${key}=`), value, latin1Bytes('\n')])
}

/** The block of the entry itself; what does not fit is cut, and numbers are 0, as the PAX records say it all. */
function headerBlock(
  block: Uint8Array,
  fields: MemberFields,
  texts: Texts,
  seconds: number,
  prefix: string,
): Uint8Array {
  writeText(block, 0, 100, texts.name)
  writeOctal(block, 100, 8, fields.mode)
  writeOctal(block, 108, 8, fields.uid)
  writeOctal(block, 116, 8, fields.gid)
  writeOctal(block, 124, 12, fields.size)
  writeOctal(block, 136, 12, seconds)
  writeText(block, 157, 100, texts.link)
  writeText(block, 265, 32, texts.uname)
  writeText(block, 297, 32, texts.gname)
  writeOctal(block, 329, 8, fields.devMajor)
  writeOctal(block, 337, 8, fields.devMinor)
  writeText(block, 345, 155, prefix)
  seal(block, fields.typeflag)
  return block
}

const MAGIC = latin1Bytes('ustar\x0000')

// 156 - type, 257 - magic and version, 148 - checksum: six digits, a NUL and a space.
function seal(block: Uint8Array, typeflag: string): void {
  writeText(block, 156, 1, typeflag)
  block.set(MAGIC, 257)
  block.fill(0x20, 148, 156)
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += block[at] ?? 0
  writeOctal(block, 148, 7, sum)
}

/** Writes as many octal digits as leave room for a NUL, which it writes too; 0 for what they do not hold. */
export function writeOctal(block: Uint8Array, at: number, width: FieldWidth, number: number): void {
  let rest = fits(number, width) ? number : 0
  for (let place = at + width - 2; place >= at; place--) {
    block[place] = 0x30 + (rest % 8)
    rest = Math.floor(rest / 8)
  }
  block[at + width - 1] = 0
}

function writeText(block: Uint8Array, at: number, width: number, text: string): void {
  if (text === '') return
  const ascii = asciiOf(text)
  const length = Math.min(width, ascii.length)
  for (let index = 0; index < length; index++) block[at + index] = ascii.charCodeAt(index)
  // A cut that leaves a slash last would read as a directory: the slashes there end the name instead.
  if (ascii.length > width && ascii[width - 1] === '/') {
    block[at + ascii.slice(0, width - 1).replace(/\/+$/, '').length] = 0
  }
}

function asciiOf(text: string): string {
  return isAscii(text) ? text : text.replace(/[^\x01-\x7f]/g, '')
}
