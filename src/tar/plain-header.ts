import type { Limits } from '../context.js'
import { BLOCK, paddingOf, unsignedSum, type Block } from './header.js'

/** What most members of most tars are: all that a header can tell of them stands in it in the one way that everybody reads. */
export interface PlainMember {
  type: 'file' | 'directory' | 'symlink'
  mode: number
  uid: number
  gid: number
  /** Logical bytes, and for a file stored ones. */
  size: number
  /** Whole seconds since 1970. */
  mtime: number
  /** Where the header blocks begin in the tar, those of a long name among them. */
  offset: number
  headerLength: number
  /** The name is from `nameStart` to `nameEnd` in here; never empty. */
  nameIn: Uint8Array
  nameStart: number
  nameEnd: number
  /** A view of a symlink's target; empty for all else. */
  link: Uint8Array
}

/** Reads one plain member after the other; all in one object, of which the bytes are lent until the next. */
export interface PlainReader {
  readonly member: PlainMember
  /**
   * Reads the member whose headers begin at byte `at` of the window, where `end` bytes are there: how many bytes its
   * headers take; 0 where it is not plain and the decoder has to read it; where the window ends before that is known, the
   * negative number of bytes that are needed.
   */
  read(window: Block, at: number, end: number): number
}

const NOTHING = new Uint8Array(0)
const [FILE, SYMLINK, DIRECTORY, LONG_NAME] = [0x30, 0x32, 0x35, 0x4c]
// Beyond this a long name is left to the decoder: PATH_MAX, and no block more.
const LONGEST_NAME = 4096
// 345 - prefix, 155 bytes; 157 - linkname, 100 bytes.
const [NAME_LENGTH, LINK, LINK_LENGTH, PREFIX, PREFIX_LENGTH] = [100, 157, 100, 345, 155]

/** A reader of plain members, with a place for what it reads. */
export function plainReader({ pax }: Pick<Limits, 'pax'>): PlainReader {
  const longest = Math.min(pax, LONGEST_NAME)
  const member = emptyMember()
  const joined = new Uint8Array(PREFIX_LENGTH + 1 + NAME_LENGTH)
  return {
    member,
    read(window, at, end) {
      if (at + BLOCK > end) return -BLOCK
      if (window.bytes[at + 156] !== LONG_NAME) return readMember(window, at, member, joined) ? BLOCK : 0
      if (!readNumbers(window, at, member) || member.size > longest) return 0
      const { size } = member
      const headers = 2 * BLOCK + size + paddingOf(size)
      if (at + headers > end) return -headers
      if (!readMember(window, at + headers - BLOCK, member, joined)) return 0
      member.nameIn = window.bytes
      member.nameStart = at + BLOCK
      member.nameEnd = textEnd(window.bytes, at + BLOCK, size)
      // An empty long name says nothing.
      return member.nameEnd > member.nameStart ? headers : 0
    },
  }
}

/** A member to be filled in. */
export function emptyMember(): PlainMember {
  return {
    type: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 0,
    offset: 0,
    headerLength: BLOCK,
    nameIn: NOTHING,
    nameStart: 0,
    nameEnd: 0,
    link: NOTHING,
  }
}

/** Reads a header that is no long name's; `joined` has room for a name with its prefix. */
function readMember(window: Block, at: number, member: PlainMember, joined: Uint8Array): boolean {
  const { bytes } = window
  const typeflag = bytes[at + 156] ?? 0
  if (typeflag !== FILE && typeflag !== DIRECTORY && typeflag !== SYMLINK) return false
  if (!readNumbers(window, at, member)) return false
  member.type = typeflag === FILE ? 'file' : typeflag === DIRECTORY ? 'directory' : 'symlink'
  member.link = typeflag === SYMLINK ? bytes.subarray(at + LINK, textEnd(bytes, at + LINK, LINK_LENGTH)) : NOTHING
  member.nameIn = bytes
  member.nameStart = at
  member.nameEnd = textEnd(bytes, at, NAME_LENGTH)
  if (bytes[at + PREFIX] !== 0) joinPrefix(bytes, at, member, joined)
  return member.nameEnd > member.nameStart
}

function joinPrefix(bytes: Uint8Array, at: number, member: PlainMember, joined: Uint8Array): void {
  const prefix = bytes.subarray(at + PREFIX, textEnd(bytes, at + PREFIX, PREFIX_LENGTH))
  const name = bytes.subarray(at, member.nameEnd)
  joined.set(prefix)
  joined[prefix.length] = 0x2f
  joined.set(name, prefix.length + 1)
  member.nameIn = joined
  member.nameStart = 0
  member.nameEnd = prefix.length + 1 + name.length
}

/**
 * Fills in the numbers of a block, where it is a header of ustar or GNU with an unsigned checksum and digits in all its
 * fields. What is odd, and so what Go's archive/tar refuses, is left to `readHeader`.
 */
function readNumbers(block: Block, at: number, member: PlainMember): boolean {
  const { bytes } = block
  if (!hasPlainMagic(bytes, at)) return false
  const mode = octal(bytes, at + 100, 8)
  const uid = octal(bytes, at + 108, 8)
  const gid = octal(bytes, at + 116, 8)
  const size = octal(bytes, at + 124, 12)
  const mtime = octal(bytes, at + 136, 12)
  const devices = octal(bytes, at + 329, 8) < 0 || octal(bytes, at + 337, 8) < 0
  if (mode < 0 || uid < 0 || gid < 0 || size < 0 || mtime < 0 || devices) return false
  if (octal(bytes, at + 148, 8) !== unsignedSum(block, at)) return false
  member.mode = mode
  member.uid = uid
  member.gid = gid
  member.size = size
  member.mtime = mtime
  return true
}

// 257 - magic, `ustar\0` or `ustar  \0`. A GNU header with times in the place of the prefix, and star's, are no plain ones.
function hasPlainMagic(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 257] !== 0x75 || bytes[at + 258] !== 0x73 || bytes[at + 259] !== 0x74) return false
  if (bytes[at + 260] !== 0x61 || bytes[at + 261] !== 0x72) return false
  if (bytes[at + 262] === 0) return bytes[at + 508] === 0
  if (bytes[at + 262] !== 0x20 || bytes[at + 263] !== 0x20 || bytes[at + 264] !== 0) return false
  return bytes[at + 345] === 0 && bytes[at + 357] === 0
}

// Digits, then nothing but NULs and spaces; -1 for all else.
function octal(bytes: Uint8Array, at: number, length: number): number {
  const end = at + length
  let value = 0
  let next = at
  for (; next < end; next++) {
    const digit = (bytes[next] ?? 0) - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  for (; next < end; next++) if (bytes[next] !== 0 && bytes[next] !== 0x20) return -1
  return value
}

function textEnd(bytes: Uint8Array, at: number, length: number): number {
  const end = at + length
  let next = at
  while (next < end && bytes[next] !== 0) next++
  return next
}
