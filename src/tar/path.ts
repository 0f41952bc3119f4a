const SLASH = 0x2f

/** A name of an archive, brought to the one form in which names are compared. */
export interface CleanPath {
  /** Components joined by `/`, one latin1 character a byte: no leading or trailing slash, no `.`, no `..`; the root is ''. */
  readonly key: string
  /** Components of `key`; 0 for the root. */
  readonly depth: number
  /** It began with a slash. */
  readonly absolute: boolean
  /** A `..` led above the root, where a chroot stops it; `key` is what a chroot makes of it. */
  readonly escapes: boolean
  /** It holds a NUL, which no file system can store. */
  readonly nul: boolean
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ENCODER = new TextEncoder()
const PIECE = 1024 // bytes that are safe to spread into one call

/** One latin1 character a byte: a string that can be a map key and loses nothing. */
export function latin1(bytes: Uint8Array): string {
  if (isAscii(bytes)) return UTF8.decode(bytes) // many times quicker
  // Not TextDecoder('latin1'): that is windows-1252, and moves 0x80 to 0x9f.
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return text
}

/** A text as its UTF-8, one latin1 character a byte: how a path that was typed is found among names. */
export function latin1Of(text: string): string {
  return latin1(ENCODER.encode(text))
}

/** The bytes of a `latin1` string. Characters above 0xff lose their upper bits. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** A name for people: UTF-8 where the bytes are valid UTF-8, else latin1. Nothing is escaped here. */
export function displayPath(raw: Uint8Array): string {
  if (raw.length === 0) return ''
  try {
    return UTF8.decode(raw)
  } catch {
    return latin1(raw)
  }
}

/** The same of a name that is already a latin1 string, as keys are. */
export function displayKey(key: string): string {
  return displayPath(latin1Bytes(key))
}

function isAscii(bytes: Uint8Array): boolean {
  let all = 0
  for (let at = 0; at < bytes.length; at++) all |= bytes[at] ?? 0
  return all < 0x80
}

/**
 * A name as Go's path.Clean and then a chroot read it: `/a`, `./a`, `a//`, `b/../a` and `../a` are all `a`.
 * Nothing is refused here; the flags tell what was odd.
 */
export function cleanPath(raw: Uint8Array): CleanPath {
  return cleanKey(latin1(raw))
}

/** `cleanPath` of an entry's name, without decoding it again where the text that shows it is the latin1 of its bytes. */
export function cleanName(path: string, raw: Uint8Array): CleanPath {
  // UTF-8 of other than ASCII has fewer characters than bytes, and what is no UTF-8 is shown as latin1.
  return cleanKey(path.length === raw.length ? path : latin1(raw))
}

/** `cleanPath` of a name that is already a latin1 string. */
export function cleanKey(name: string): CleanPath {
  const isOdd = name === '' || name[0] === '/' || name[0] === '.' || name.includes('//') || name.includes('/.')
  if (isOdd) return cleanParts(name)
  const key = name.endsWith('/') ? name.slice(0, -1) : name
  let depth = 1
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) depth++
  return { key, depth, absolute: false, escapes: false, nul: name.includes('\0') }
}

function cleanParts(name: string): CleanPath {
  const absolute = name.startsWith('/')
  const nul = name.includes('\0')
  const parts: string[] = []
  let escapes = false
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) escapes = true
  }
  return { key: parts.join('/'), depth: parts.length, absolute, escapes, nul }
}

/**
 * Whether a symlink's target, read from the directory of the entry, climbs above the root.
 * By the text alone: links on the way are not followed, and an absolute target starts at the root.
 */
export function linkEscapes(entryPath: Uint8Array, linkPath: Uint8Array): boolean {
  if (linkPath[0] === SLASH) return cleanPath(linkPath).escapes
  const depth = cleanPath(entryPath).depth
  return climbs(latin1(linkPath), Math.max(0, depth - 1))
}

function climbs(target: string, from: number): boolean {
  let depth = from
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue
    depth += part === '..' ? -1 : 1
    if (depth < 0) return true
  }
  return false
}
