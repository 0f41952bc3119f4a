import type { RunContext } from '../context.js'
import type { ByteSource } from '../bytes/source.js'
import type { TarEntry } from '../tar/entry.js'
import type { TarEnd } from '../tar/end.js'
import { READINGS, type TarOddity } from '../tar/differences.js'
import type { Measurement } from '../tar/measurement.js'
import { cleanPath, latin1 } from '../tar/path.js'
import type { FindingLog } from '../model/finding-log.js'
import type { FoundFile, Member, MemberType } from './files.js'
import { MemberIndex } from './member-index.js'

/** Members of a tar as they come, and what is odd about their names. */
export interface MemberCollector {
  readonly index: MemberIndex
  add(entry: TarEntry, content?: { readonly source: ByteSource; readonly measurement?: Measurement }): void
  /** Looks at bytes that fill up the last block of a member, from the first of them on. */
  filler(entry: TarEntry, bytes: Uint8Array): void
  /** Tells how the tar ended. */
  end(end: TarEnd): void
  oddity(oddity: TarOddity): void
}

/** Collects the members of an outer tar. */
export function memberCollector(log: FindingLog, { strictTar = false }: RunContext): MemberCollector {
  const index = new MemberIndex()
  return {
    index,
    add(entry, content) {
      if (entry.type === 'global') return
      const clean = cleanPath(entry.rawPath)
      const place = { path: entry.path, offset: entry.header.offset }
      if (clean.escapes || clean.absolute) {
        log.add('MEMBER_UNSAFE_PATH', `${entry.path} leaves the archive`, place)
      }
      if (clean.key === '') return
      const { replaced } = index.add(memberOf(entry, clean.key, content))
      const again = replaced !== undefined && !(replaced.type === 'directory' && entry.type === 'directory')
      if (again) log.add('MEMBER_DUPLICATE', `${entry.path} stands in the archive twice`, place)
    },
    filler(entry, bytes) {
      const odd = bytes.findIndex((byte) => byte !== 0)
      if (odd < 0) return
      const offset = entry.content.offset + entry.content.length + odd
      log.add('ARCHIVE_PADDING', `what fills up the last block of ${entry.path} is not zeros`, {
        path: entry.path,
        offset,
      })
    },
    end: (end) => tellEnd(log, end),
    oddity(oddity) {
      if (!strictTar && HARMLESS.has(oddity.kind)) return
      const message = strictTar ? `${oddity.message}: ${READINGS[oddity.kind]}` : oddity.message
      log.add('TAR_AMBIGUOUS', message, { ...(oddity.entry !== '' && { path: oddity.entry }), offset: oddity.offset })
    },
  }
}

// Told by tellEnd, or read alike by all.
const HARMLESS: ReadonlySet<TarOddity['kind']> = new Set([
  'after-end',
  'missing-end',
  'missing-padding',
  'v7',
  'lone-zero-block',
  'sparse',
])

function memberOf(
  entry: TarEntry,
  path: string,
  content: { readonly source: ByteSource; readonly measurement?: Measurement } | undefined,
): Member {
  const type = memberType(entry)
  return {
    path,
    type,
    linkPath: latin1(entry.rawLinkPath),
    offset: entry.content.offset,
    ...(type === 'file' && content && { source: content.source }),
    ...(content?.measurement && { measurement: content.measurement }),
  }
}

function memberType(entry: TarEntry): MemberType {
  switch (entry.type) {
    case 'file':
      return entry.sparse === undefined ? 'file' : 'other'
    case 'directory':
    case 'symlink':
    case 'hardlink':
      return entry.type
    default:
      return 'other'
  }
}

function tellEnd(log: FindingLog, end: TarEnd): void {
  const { fault } = end
  if (fault !== undefined) {
    const isCut = fault.kind === 'truncated-header' || fault.kind === 'truncated-content'
    const code = fault.kind === 'limit' ? 'LIMIT_REACHED' : isCut ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_HEADER'
    log.add(code, fault.message, { offset: fault.offset, ...(fault.entry !== undefined && { path: fault.entry }) })
    return
  }
  if (end.marker === 'none')
    log.add('ARCHIVE_END_MISSING', 'the archive ends without an end marker', { offset: end.size })
  if (end.trailingNonZero) {
    const offset = end.size - end.trailing
    log.add('ARCHIVE_TRAILING_BYTES', `${end.trailing} bytes follow the end marker`, { offset })
  }
}

/** The archive itself as a file: what a root filesystem is read from. */
export function wholeAsFile(source: ByteSource, measurement?: Measurement): FoundFile {
  return { source, path: '', offset: 0, ...(measurement && { measurement }) }
}
