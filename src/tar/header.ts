import { TarStop } from './end.js'
import { displayPath } from './path.js'

/** A tar is made of blocks of this many bytes. */
export const BLOCK = 512

/** Zero bytes that follow a content of that many bytes. */
export function paddingOf(size: number): number {
  return -size & (BLOCK - 1)
}

/** Which fields a header block has beyond those of Unix V7. */
export type HeaderFormat = 'v7' | 'ustar' | 'star' | 'gnu'

/** The fields of one header block; a number is a bigint only where it is beyond 2^53-1. Owns its bytes. */
export interface HeaderFields {
  readonly rawPath: Uint8Array
  readonly rawLinkPath: Uint8Array
  /** The type byte as stored. */
  readonly typeflag: number
  readonly mode: number | bigint
  readonly uid: number | bigint
  readonly gid: number | bigint
  /** For people, as `displayPath` shows bytes. */
  readonly uname: string
  readonly gname: string
  readonly size: number | bigint
  /** Whole seconds since 1970. */
  readonly mtime: number | bigint
  /** Nanoseconds to add to `mtime`; only a PAX record can say it. */
  readonly mtimeNanos: number
  readonly devMajor: number | bigint
  readonly devMinor: number | bigint
  readonly format: HeaderFormat
  readonly signedChecksum: boolean
  /** A GNU header that carries a name prefix where its times belong. */
  readonly gnuPrefix: boolean
}

/** Blocks in memory, one or more, that can be read by bytes and by words. */
export interface Block {
  readonly bytes: Uint8Array
  /** Empty where the bytes do not begin on the boundary of a word. */
  readonly words: Uint32Array
}

const NOTHING = new Uint8Array(0)

/** A block of zeros, to be filled again and again. */
export function emptyBlock(): Block {
  const buffer = new ArrayBuffer(BLOCK)
  return { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer) }
}

/**
 * The fields of a block that stands at `offset` of the tar, as Go's archive/tar reads them.
 * Throws TarStop `checksum` where the block is no header, and `header` where a field is no number.
 */
export function readHeader({ bytes: block, words }: Block, offset: number): HeaderFields {
  const signedChecksum = checkSum(block, words, offset)
  const format = formatOf(block)
  const extended = format !== 'v7'
  const prefix = readPrefix(block, format)
  if (format === 'star') {
    readField(block, 476, 12, 'atime', offset)
    readField(block, 488, 12, 'ctime', offset)
  }
  return {
    rawPath: joinPrefix(prefix, readString(block, 0, 100)),
    mode: readField(block, 100, 8, 'mode', offset),
    uid: readField(block, 108, 8, 'uid', offset),
    gid: readField(block, 116, 8, 'gid', offset),
    size: readField(block, 124, 12, 'size', offset),
    mtime: readField(block, 136, 12, 'mtime', offset),
    mtimeNanos: 0,
    typeflag: byteAt(block, 156),
    rawLinkPath: readString(block, 157, 100),
    uname: extended ? readText(block, 265, 32) : '',
    gname: extended ? readText(block, 297, 32) : '',
    devMajor: extended ? readField(block, 329, 8, 'devmajor', offset) : 0,
    devMinor: extended ? readField(block, 337, 8, 'devminor', offset) : 0,
    format,
    signedChecksum,
    gnuPrefix: format === 'gnu' && prefix.length > 0,
  }
}

/** Whether every byte is NUL. */
export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}

/** The magic and version fields, 257 to 264; star is known by the last four bytes of the block. */
export function formatOf(block: Uint8Array): HeaderFormat {
  if (!matches(block, 257, 'ustar')) return 'v7'
  if (byteAt(block, 262) === 0) return matches(block, 508, 'tar\0') ? 'star' : 'ustar'
  return matches(block, 262, '  \0') ? 'gnu' : 'v7'
}

/** Whether the 512 bytes have the checksum of a header, as Go accepts it: the sum of the bytes taken unsigned or signed. */
export function hasChecksum(bytes: Uint8Array): boolean {
  const block = emptyBlock()
  block.bytes.set(bytes)
  try {
    checkSum(block.bytes, block.words, 0)
    return true
  } catch (error) {
    if (error instanceof TarStop) return false
    throw error
  }
}

/** True where only the sum of signed bytes fits (Sun's tar). */
function checkSum(block: Uint8Array, words: Uint32Array, offset: number): boolean {
  const sum = unsignedSum({ bytes: block, words }, 0)
  const claimed = readOctal(block, 148, 8)
  if (claimed === sum) return false
  const high = block.reduce((count, byte, at) => count + (at >= 148 && at < 156 ? 0 : byte >> 7), 0)
  if (claimed === sum - 256 * high) return true
  const says = claimed === undefined ? 'is no number' : `is ${claimed.toString()}`
  throw new TarStop('checksum', offset, `the header's checksum ${says}, its bytes add up to ${sum.toString()}`)
}

/** The checksum of the header that begins at byte `at`: the sum of its bytes taken unsigned. */
export function unsignedSum({ bytes, words }: Block, at: number): number {
  if (at % 4 !== 0 || words.length === 0) return unsignedSum(moved(bytes, at), 0)
  return sumOf(words, at / 4) - sumOf8(bytes, at + 148) + 8 * 0x20 // the field itself counts as spaces
}

// Bytes that are cut anywhere have their words between boundaries: a copy has not.
const MOVED = emptyBlock()

function moved(bytes: Uint8Array, at: number): Block {
  MOVED.bytes.set(bytes.subarray(at, at + BLOCK))
  return MOVED
}

// Four bytes at a time, in two lanes of 16 bits that 128 words cannot fill: every header is summed, and this is the cost.
function sumOf(words: Uint32Array, from: number): number {
  let lanes = 0
  for (let at = from; at < from + BLOCK / 4; at++) {
    const word = words[at] ?? 0
    lanes += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff)
  }
  return (lanes >>> 16) + (lanes & 0xffff)
}

function sumOf8(block: Uint8Array, at: number): number {
  let sum = 0
  for (let next = at; next < at + 8; next++) sum += byteAt(block, next)
  return sum
}

function readField(block: Uint8Array, at: number, length: number, name: string, offset: number): number | bigint {
  const value = readNumber(block, at, length)
  if (value === undefined) throw new TarStop('header', offset, `the header's ${name} is no number`)
  return value
}

/** An octal or base-256 field; undefined where it is neither, or does not fit into 64 bits. */
export function readNumber(block: Uint8Array, at: number, length: number): number | bigint | undefined {
  return byteAt(block, at) >= 0x80 ? readBinary(block, at, length) : readOctal(block, at, length)
}

// NULs and spaces around the digits do not count, and what follows an inner NUL is not read.
function readOctal(block: Uint8Array, at: number, length: number): number | undefined {
  let start = at
  let end = at + length
  while (start < end && isBlank(byteAt(block, start))) start++
  while (end > start && isBlank(byteAt(block, end - 1))) end--
  let value = 0
  for (; start < end; start++) {
    const byte = byteAt(block, start)
    if (byte === 0) break
    if (byte < 0x30 || byte > 0x37) return undefined
    value = value * 8 + byte - 0x30
  }
  return value
}

// Two's complement, big-endian; the first bit says that it is binary, the second is the sign.
function readBinary(block: Uint8Array, at: number, length: number): number | bigint | undefined {
  const negative = (byteAt(block, at) & 0x40) !== 0
  let value = BigInt(byteAt(block, at) & 0x7f)
  for (let next = at + 1; next < at + length; next++) value = (value << 8n) | BigInt(byteAt(block, next))
  if (negative) value -= 1n << BigInt(8 * length - 1)
  if (value !== BigInt.asIntN(64, value)) return undefined
  return narrow(value)
}

/** The number itself where a double holds it exactly, else the bigint. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A copy of the field up to its first NUL. */
export function readString(block: Uint8Array, at: number, length: number): Uint8Array {
  let end = at
  while (end < at + length && byteAt(block, end) !== 0) end++
  return end === at ? NOTHING : block.slice(at, end)
}

// Owners' names are short and stand in every header: letter by letter is quicker than to copy and decode them.
function readText(block: Uint8Array, at: number, length: number): string {
  let text = ''
  for (let next = at; next < at + length; next++) {
    const byte = byteAt(block, next)
    if (byte === 0) break
    if (byte > 0x7f) return displayPath(readString(block, at, length))
    text += String.fromCharCode(byte)
  }
  return text
}

// 345 - prefix: 155 bytes in ustar, 131 in star; GNU keeps its access and change time there.
function readPrefix(block: Uint8Array, format: HeaderFormat): Uint8Array {
  if (format === 'v7') return NOTHING
  if (format === 'gnu') return gnuPrefix(block)
  return readString(block, 345, format === 'star' ? 131 : 155)
}

// Go before 1.8 wrote a prefix into GNU headers; its reader takes times that are no numbers as the sign of that.
function gnuPrefix(block: Uint8Array): Uint8Array {
  const bad = [345, 357].some((at) => byteAt(block, at) !== 0 && readNumber(block, at, 12) === undefined)
  if (!bad) return NOTHING
  const prefix = readString(block, 345, 155)
  return prefix.every((byte) => byte < 0x80) ? prefix : NOTHING
}

function joinPrefix(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  if (prefix.length === 0) return name
  const path = new Uint8Array(prefix.length + 1 + name.length)
  path.set(prefix)
  path[prefix.length] = 0x2f
  path.set(name, prefix.length + 1)
  return path
}

function isBlank(byte: number): boolean {
  return byte === 0 || byte === 0x20
}

function matches(block: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (byteAt(block, at + index) !== text.charCodeAt(index)) return false
  }
  return true
}

function byteAt(block: Uint8Array, at: number): number {
  return block[at] ?? 0
}
