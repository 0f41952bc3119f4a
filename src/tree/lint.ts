import type { Limits } from '../context.js'
import type { FindingCode } from '../findings.js'
import type { TarEntry } from '../tar/entry.js'
import type { Notice } from '../tar/measurement.js'
import { cleanKey, cleanName, latin1, latin1Bytes, linkEscapes, type CleanPath } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import { dockerSize, plainDockerSize } from './content-size.js'
import { plainEntry, plainSpans, type PlainSpan } from './plain-members.js'
import type { Names } from './name-table.js'
import { seenNames } from './seen-names.js'
import { whiteoutOf, type Whiteout } from './whiteout.js'

/** Watches the entries of one layer for what engines refuse or read differently. */
export interface LayerLint {
  readonly entry: (entry: TarEntry) => void
  /** The same of a member that is as most are; it is looked at and not kept. */
  readonly plain: (member: PlainMember) => void
  /** What was found, in the order of the layer; of each code the first twenty and a count of the others. */
  end(): { readonly notices: readonly Notice[]; readonly contentSize: number }
}

/** Hears of a name: the bytes of the key that CleanPath has. They are lent. */
export type OnName = (bytes: Uint8Array, start: number, end: number) => void

const MOST_OF_A_CODE = 20
// FORMATS: layer tar semantics, entry types; docker says "unhandled tar header type".
const SUPPORTED = new Set(['0', '1', '2', '3', '4', '5', '6', 'x', 'g'])

// Linux, limits.h: NAME_MAX, and PATH_MAX with its NUL.
const MOST_NAME = 255
const MOST_PATH = 4095

/** What is told of an entry. */
type Told = Pick<TarEntry, 'path' | 'header'>

type Tell = (code: FindingCode, entry: Told, message: string) => void

/** A lint for one layer; `onName` hears of all entries but directories. */
export function layerLint(limits: Limits, onName?: OnName): LayerLint {
  const { notices, tell, rest } = teller()
  const seen = seenNames()
  const passed = new Set<string>()
  const whiteouts: Hiding[] = []
  let contentSize = 0
  const usual = usualMembers(seen, limits)
  const lint: LayerLint = {
    plain(member) {
      const span = usual.seeUsual(member)
      if (span === undefined) {
        lint.entry(plainEntry(member))
        return
      }
      const { nameIn, type } = member
      contentSize += plainDockerSize(member)
      if (passed.size > 0 && passed.has(latin1(nameIn.subarray(span.start, span.end)))) passed.clear()
      if (type !== 'directory') onName?.(nameIn, span.start, span.end)
    },
    entry(entry) {
      const clean = cleanName(entry.path, entry.rawPath)
      const key = latin1Bytes(clean.key)
      lintPath(entry, clean, limits, tell)
      lintType(entry, tell)
      const repeated = seen.typeOf(key, 0, key.length)
      if (repeated !== undefined) tell('ENTRY_DUPLICATE', entry, `${entry.path} stands in the layer twice`)
      lintParents(entry, key, { seen, passed }, tell)
      if (entry.type === 'hardlink') lintHardLink(entry, seen, tell)
      if (entry.type === 'symlink' && linkEscapes(entry.rawPath, entry.rawLinkPath)) {
        tell('ENTRY_SYMLINK_CLIMBS', entry, `${entry.path} is a link to ${entry.linkPath}, above the root`)
      }
      const whiteout = whiteoutOf(clean.key)
      if (whiteout === undefined) contentSize += dockerSize(entry)
      else lintWhiteout(entry, whiteout, tell)
      if (whiteout?.kind === 'whiteout') whiteouts.push({ key: whiteout.path, entry: toldOf(entry) })
      if (passed.has(clean.key) || (entry.type !== 'directory' && repeated === 'directory')) passed.clear()
      seen.put(key, 0, key.length, entry.type)
      usual.forget()
      if (entry.type !== 'directory') onName?.(key, 0, key.length)
    },
    end() {
      for (const whiteout of whiteouts) lintOwn(whiteout, seen, tell)
      return { notices: [...notices, ...rest()], contentSize }
    },
  }
  return lint
}

interface UsualMembers {
  /**
   * Where the name of a member lies of which there is nothing to tell, lent until the next: it is clean, no whiteout's and
   * was not `seen` yet, as it is now; lies in a directory that was, and is no link that climbs. Undefined for all others.
   */
  seeUsual(member: PlainMember): PlainSpan | undefined
  /** What was seen may be no directory any more. */
  forget(): void
}

function usualMembers(seen: Names, limits: Limits): UsualMembers {
  const spans = plainSpans(limits.depth)
  // Whether the parent of the last one was: members of one directory mostly follow each other.
  let isInDirectory = false
  return {
    seeUsual(member) {
      const { type, size, link, nameIn } = member
      const span = spans(member)
      if (span === undefined || (type !== 'file' && size > 0)) return undefined
      const { start, base, end } = span
      isInDirectory =
        (isInDirectory && span.isBeside) || base === start || seen.typeOf(nameIn, start, base - 1) === 'directory'
      if (!isInDirectory) return undefined
      if (end - start > MOST_NAME && isTooLong(latin1(nameIn.subarray(start, end)))) return undefined
      if (type === 'symlink' && linkEscapes(nameIn.subarray(start, end), link)) return undefined
      return seen.add(nameIn, start, end, type) ? span : undefined
    },
    forget: () => (isInDirectory = false),
  }
}

function typeOfKey(seen: Names, key: string): TarEntry['type'] | undefined {
  const bytes = latin1Bytes(key)
  return seen.typeOf(bytes, 0, bytes.length)
}

/** Without the rest: whiteouts are remembered to the end of the layer, which may have them by the hundred thousand. */
function toldOf({ path, header }: TarEntry): Told {
  return { path, header }
}

function teller(): { notices: readonly Notice[]; tell: Tell; rest: () => readonly Notice[] } {
  const notices: Notice[] = []
  const counts = new Map<FindingCode, number>()
  return {
    notices,
    tell(code, entry, message) {
      const count = (counts.get(code) ?? 0) + 1
      counts.set(code, count)
      if (count <= MOST_OF_A_CODE) notices.push({ code, message, layerOffset: entry.header.offset, entry: entry.path })
    },
    rest: () =>
      [...counts]
        .filter(([, count]) => count > MOST_OF_A_CODE)
        .map(([code, count]) => ({ code, message: `${count - MOST_OF_A_CODE} more like these` })),
  }
}

function lintPath(entry: TarEntry, clean: CleanPath, limits: Limits, tell: Tell): void {
  if (clean.escapes) tell('ENTRY_UNSAFE_PATH', entry, `${entry.path} climbs above the root`)
  if (isTooLong(clean.key)) {
    tell('ENTRY_NAME_TOO_LONG', entry, `the path at offset ${entry.header.offset} has a name too long to be a file's`)
  }
  if (clean.depth > limits.depth) {
    tell(
      'LIMIT_REACHED',
      entry,
      `a path of ${clean.depth} components is over the limit of ${limits.depth} (--limit-depth)`,
    )
  }
}

function isTooLong(key: string): boolean {
  if (key.length <= MOST_NAME) return false
  return key.length > MOST_PATH || key.split('/').some(({ length }) => length > MOST_NAME)
}

function lintType(entry: TarEntry, tell: Tell): void {
  if (entry.type === 'unknown' || !SUPPORTED.has(entry.typeflag)) {
    tell('ENTRY_TYPE_UNSUPPORTED', entry, `${entry.path} has type ${JSON.stringify(entry.typeflag)}`)
  }
  const hasNoContent = entry.type !== 'file' && entry.type !== 'unknown' && entry.type !== 'global'
  if (hasNoContent && entry.size > 0) {
    tell('ENTRY_UNSAVEABLE', entry, `${entry.path} is a ${entry.type} with a size of ${entry.size}`)
  }
  if (entry.sparse !== undefined) tell('ENTRY_UNSAVEABLE', entry, `${entry.path} is a sparse file`)
  if (entry.type === 'char' && entry.devMajor === 0 && entry.devMinor === 0) {
    tell('ENTRY_DEVICE_WHITEOUT', entry, `${entry.path} is a character device 0:0`)
  }
  if (entry.pax.size > 0) lintPax(entry, tell)
}

function lintPax(entry: TarEntry, tell: Tell): void {
  for (const key of entry.pax.keys()) {
    if (/^SCHILY\.xattr\.(?:trusted|user)\.overlay\./.test(key)) {
      tell('ENTRY_OVERLAY_XATTR', entry, `${entry.path} carries ${key.slice('SCHILY.xattr.'.length)}`)
    }
  }
}

/** What stood in the layer so far. */
interface Before {
  readonly seen: Names
  /** Directories that no entry is of, with none above them but of a directory; a thousand a path would be asked for again. */
  readonly passed: Set<string>
}

const SLASH = 0x2f
const MOST_PASSED = 2 ** 16

function lintParents(entry: TarEntry, key: Uint8Array, { seen, passed }: Before, tell: Tell): void {
  // No system would look for them: that is told, and there may be as many as the name has bytes.
  if (key.length > MOST_PATH) return
  const unseen: string[] = []
  for (let slash = key.lastIndexOf(SLASH); slash > 0; slash = key.lastIndexOf(SLASH, slash - 1)) {
    const type = seen.typeOf(key, 0, slash)
    if (type === 'directory') break
    const parent = latin1(key.subarray(0, slash))
    if (passed.has(parent)) break
    if (type !== undefined) {
      tell('ENTRY_PARENT_NOT_DIRECTORY', entry, `${entry.path} lies below ${parent}, which is a ${type}`)
      return
    }
    unseen.push(parent)
  }
  if (passed.size > MOST_PASSED) passed.clear()
  for (const parent of unseen) passed.add(parent)
}

function lintHardLink(entry: TarEntry, seen: Names, tell: Tell): void {
  const target = cleanKey(latin1(entry.rawLinkPath))
  if (target.escapes) tell('ENTRY_LINK_ESCAPES', entry, `${entry.path} is a hard link to ${entry.linkPath}`)
  const type = typeOfKey(seen, target.key)
  if (type === undefined || type === 'directory') {
    const what = type === undefined ? 'no earlier entry of the layer' : 'a directory'
    tell('ENTRY_LINK_TARGET', entry, `${entry.path} is a hard link to ${entry.linkPath}, ${what}`)
  }
}

function lintWhiteout(entry: TarEntry, whiteout: Whiteout, tell: Tell): void {
  if (whiteout.kind === 'aufs') {
    tell('WHITEOUT_AUFS', entry, `${entry.path} is metadata of AUFS`)
    return
  }
  if (whiteout.kind === 'invalid') tell('WHITEOUT_INVALID', entry, `${entry.path} is ${whiteout.reason}`)
  if (entry.type === 'file' && entry.size > 0) {
    tell('ENTRY_UNSAVEABLE', entry, `the whiteout ${entry.path} has content`)
  }
}

/** A whiteout, and the name that it hides. */
interface Hiding {
  readonly key: string
  readonly entry: Told
}

function lintOwn({ key, entry }: Hiding, seen: Names, tell: Tell): void {
  if (typeOfKey(seen, key) === undefined) return
  tell('WHITEOUT_OWN_LAYER', entry, `${entry.path} hides something that this layer adds itself`)
}
