import type { TarEntry } from '../tar/entry.js'
import { displayPath, latin1 } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import type { RecordedEntry } from './entry-records.js'

/** A cleaned path in two, one latin1 character a byte: the names of one directory share the text of its path. */
export interface PlainPlace {
  parent: string
  name: string
}

/** The same path as bytes from `start` to `end`, its last component from `base` on. */
export interface PlainSpan {
  start: number
  base: number
  end: number
  /** Whether it lies in the directory of the one before, which is not the root. */
  isBeside: boolean
}

const [SLASH, DOT] = [0x2f, 0x2e]

/**
 * Tells where the names of plain members lie, as `cleanPath` would; the answer is lent until the next. Undefined where a
 * name needs more cleaning than to lose its first `/` or `./`, begins like a whiteout, or is deeper than `depth`.
 */
export function plainPlaces(depth: number): (member: PlainMember) => PlainPlace | undefined {
  const place = { parent: '', name: '' }
  const spans = plainSpans(depth)
  return (member) => {
    const span = spans(member)
    if (span === undefined) return undefined
    const { nameIn: bytes } = member
    const { start, base, end } = span
    if (!span.isBeside) place.parent = latin1(bytes.subarray(start, Math.max(start, base - 1)))
    place.name = latin1(bytes.subarray(base, end))
    return place
  }
}

/** The same without decoding anything. */
export function plainSpans(depth: number): (member: PlainMember) => PlainSpan | undefined {
  const span = { start: 0, base: 0, end: 0, isBeside: false }
  let parent = new Uint8Array(0) // entries of one directory mostly follow each other
  return ({ nameIn: bytes, nameStart, nameEnd }) => {
    const start = afterRoot(bytes, nameStart, nameEnd)
    const end = bytes[nameEnd - 1] === SLASH ? nameEnd - 1 : nameEnd
    let base = start + parent.length + 1
    span.isBeside = parent.length > 0 && isName(bytes, base, end) && isBelow(parent, bytes, start)
    if (!span.isBeside) {
      base = lastName(bytes, start, end, depth)
      if (base < 0) return undefined
      parent = bytes.slice(start, Math.max(start, base - 1))
    }
    span.start = start
    span.base = base
    span.end = end
    return span
  }
}

function afterRoot(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    if (bytes[at] === SLASH) at += 1
    else if (bytes[at] === DOT && bytes[at + 1] === SLASH) at += 2
    else break
  }
  return at
}

/** Whether the bytes from `start` on are a directory and a slash; they are at least as many. */
function isBelow(directory: Uint8Array, bytes: Uint8Array, start: number): boolean {
  if (bytes[start + directory.length] !== SLASH) return false
  for (let at = 0; at < directory.length; at++) if (bytes[start + at] !== directory[at]) return false
  return true
}

/** Where the last component begins; -1 where one of them is not clean, or there are too many. */
function lastName(bytes: Uint8Array, start: number, end: number, depth: number): number {
  let base = start
  let count = 1
  for (let at = start; at < end; at++) {
    if (bytes[at] !== SLASH) continue
    count += 1
    if (!isName(bytes, base, at)) return -1
    base = at + 1
  }
  return count <= depth && isName(bytes, base, end) ? base : -1
}

/** Whether the bytes are one component that stands for itself. */
function isName(bytes: Uint8Array, from: number, end: number): boolean {
  if (from >= end) return false
  for (let at = from; at < end; at++) if (bytes[at] === SLASH) return false
  if (bytes[from] !== DOT) return true
  // `.`, `..`, and all that begins like a whiteout: `.wh.`
  if (end - from === 1 || (end - from === 2 && bytes[from + 1] === DOT)) return false
  return bytes[from + 1] !== 0x77 || bytes[from + 2] !== 0x68 || bytes[from + 3] !== DOT
}

const TYPEFLAGS = { file: '0', directory: '5', symlink: '2' } as const
const NO_PAX: RecordedEntry['pax'] = new Map()

/** A plain member as the decoder would tell it. */
export function entryOfPlain(member: PlainMember): RecordedEntry {
  const { type, mode, uid, gid, size, mtime, offset, headerLength, nameIn, nameStart, nameEnd, link } = member
  return {
    rawPath: nameIn.subarray(nameStart, nameEnd),
    rawLinkPath: link,
    type,
    typeflag: TYPEFLAGS[type],
    mode,
    uid,
    gid,
    size,
    mtimeNs: BigInt(mtime) * 1_000_000_000n,
    devMajor: 0,
    devMinor: 0,
    pax: NO_PAX,
    header: { offset, length: headerLength },
    content: { offset: offset + headerLength, length: type === 'file' ? size : 0 },
  }
}

/** The same with names for people, and its bytes kept. */
export function plainEntry(member: PlainMember): TarEntry {
  const entry = entryOfPlain(member)
  const rawPath = entry.rawPath.slice()
  const rawLinkPath = entry.rawLinkPath.slice()
  const names = { path: displayPath(rawPath), linkPath: displayPath(rawLinkPath), uname: '', gname: '' }
  return { ...entry, rawPath, rawLinkPath, ...names }
}
