import { hasher } from '../bytes/digest.js'
import { BLOCK, emptyBlock, formatOf, readHeader } from './header.js'
import { isGlobal, isMeta } from './meta.js'
import { latin1 } from './path.js'
import { readPax } from './pax.js'

/** How the headers of an entry are written, apart from what they say of time and owner. */
export interface Spelling {
  /** Equal for equal header bytes, once times, owners and checksums are blank. */
  readonly headers: string
  /** Names of user and group. */
  readonly names: string
}

/** Takes the header bytes of a tar in order, each block and each content of a PAX header or long name on its own. */
export interface Speller {
  add(bytes: Uint8Array): void
  /** The spelling of the headers since the last call: all that belong to one entry. */
  take(): string
}

/** A speller for one tar. */
export function speller(): Speller {
  let pieces: Uint8Array[] = []
  return {
    add: (bytes) => void pieces.push(bytes.slice()),
    take() {
      const taken = pieces
      pieces = []
      return spellingOf(taken)
    },
  }
}

function spellingOf(pieces: readonly Uint8Array[]): string {
  const hash = hasher()
  let at = 0
  for (; isMeta(typeflagOf(pieces[at])); at++) {
    const block = pieces[at] ?? NOTHING
    const content = sizeOf(block) === 0 ? NOTHING : (pieces[++at] ?? NOTHING)
    for (const part of metaParts(block, content)) hash.update(part)
  }
  // Behind the header there may be the map of a sparse file.
  const [block = NOTHING, ...rest] = pieces.slice(at)
  for (const part of [blanked(block), ...rest]) hash.update(part)
  return hash.digest()
}

const NOTHING = new Uint8Array(0)

function typeflagOf(block: Uint8Array | undefined): number {
  return block?.[TYPEFLAG] ?? 0
}

const TYPEFLAG = 156
// Fields of a header block (POSIX pax, ustar), and times that GNU keeps behind the device numbers.
const UID_GID = [108, 124] as const
const SIZE = [124, 136] as const
const MTIME_CHECKSUM = [136, 156] as const
const UNAME_GNAME = [265, 329] as const
const GNU_TIMES = [345, 369] as const

function blanked(block: Uint8Array): Uint8Array {
  if (block.length !== BLOCK) return block
  const copy = block.slice()
  const fields = [UID_GID, MTIME_CHECKSUM, UNAME_GNAME, ...(formatOf(block) === 'gnu' ? [GNU_TIMES] : [])]
  for (const [from, to] of fields) copy.fill(0, from, to)
  return copy
}

function sizeOf(block: Uint8Array): number {
  const header = emptyBlock()
  header.bytes.set(block)
  return Number(readHeader(header, 0).size)
}

// PAX records of times and owners: the header fields that they stand in for are blank as well.
const BLANK_RECORDS = new Set(['mtime', 'atime', 'ctime', 'LIBARCHIVE.creationtime', 'uid', 'gid', 'uname', 'gname'])

/** A PAX header that says nothing else than times and owners is none. */
function metaParts(block: Uint8Array, content: Uint8Array): readonly Uint8Array[] {
  const own = blanked(block)
  const typeflag = typeflagOf(block)
  if (!isGlobal(typeflag) && typeflag !== PAX_LOCAL) return [own, content]
  const { records, repeated } = readPax(content, 0)
  const kept = [...records].filter(([key]) => !BLANK_RECORDS.has(key))
  if (kept.length === 0 && records.size > 0) return []
  // Its size is that of the records that were taken out as well.
  own.fill(0, ...SIZE)
  const text = JSON.stringify([kept.map(([key, value]) => [key, latin1(value)]), repeated])
  return [own, new TextEncoder().encode(text)]
}

const PAX_LOCAL = 0x78 // x
