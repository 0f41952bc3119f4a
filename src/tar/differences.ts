import type { TarEntry } from './entry.js'
import type { HeaderFields } from './header.js'
import { NO_META, type Meta } from './meta.js'
import { latin1 } from './path.js'

/** A construct that Go, GNU tar, bsdtar, Python and tar-stream do not all read alike. */
export type TarOddityKind =
  | 'after-end' // headers after the end marker: tar-stream and `tar -i` read on
  | 'base-256-negative' // a negative binary number
  | 'duplicate-pax-key' // one PAX record twice in one header
  | 'global-header' // GNU tar and Python apply the records to later entries, Go does not
  | 'global-path' // a global header that would rename every later entry
  | 'gnu-prefix' // a GNU header that uses the time fields as a name prefix
  | 'long-name-and-pax-path' // Go takes the long name, the others the PAX record
  | 'lone-zero-block' // a zero block and then a header: Go stops with an error, GNU tar may read on
  | 'missing-end' // no end marker at all
  | 'missing-padding' // the last block is not whole
  | 'non-standard-type' // Go reads the entry, docker refuses the layer
  | 'nul-directory' // type NUL and a name that ends in a slash: a directory to some only
  | 'orphaned-meta' // a PAX header or a long name with no entry after it
  | 'pax-size' // the PAX record and the header disagree on the size
  | 'rounded-number' // a number beyond 2^53, shown rounded
  | 'second-pax-header' // Go lets the second header replace the first, others merge them
  | 'signed-checksum' // the checksum adds signed bytes
  | 'size-without-content' // a size on a link, directory or device: some skip that many bytes
  | 'sparse' // many readers do not expand it
  | 'v7' // no magic; told once a tar

/** Who reads each construct how. */
export const READINGS: Readonly<Record<TarOddityKind, string>> = {
  'after-end': 'Go, GNU tar and bsdtar stop at the end marker, tar-stream and tar -i read on',
  'base-256-negative': 'some read it as negative, some as huge, some refuse it',
  'duplicate-pax-key': 'the last record counts for Go, others take the first',
  'global-header': 'GNU tar and Python apply it to all later entries, Go to none',
  'global-path': 'GNU tar and Python rename all later entries, Go none',
  'gnu-prefix': 'Go takes the time fields for a name prefix, others for times',
  'long-name-and-pax-path': 'Go takes the long name, others the PAX record',
  'lone-zero-block': 'Go stops with an error, GNU tar may read on',
  'missing-end': 'most take it for an end, some for a cut',
  'missing-padding': 'Go and GNU tar accept it, others find the archive cut',
  'non-standard-type': 'Go reads the entry, docker refuses the layer, others take it for a file',
  'nul-directory': 'a directory for Go and GNU tar, a file for others',
  'orphaned-meta': 'some refuse it, some pass over it',
  'pax-size': 'readers that do not know PAX find the next header elsewhere',
  'rounded-number': 'some keep all digits, some round, some refuse it',
  'second-pax-header': 'Go lets the second replace the first, others merge them',
  'signed-checksum': 'historic readers add signed bytes, strict ones refuse the header',
  'size-without-content': 'Go takes no content after it, some skip that many bytes',
  sparse: 'Go, GNU tar and bsdtar expand it, tar-stream does not',
  v7: 'readers that want the magic of ustar take it for no tar',
}

/** One such construct; of each kind a tar tells the first hundred. */
export interface TarOddity {
  readonly kind: TarOddityKind
  /** In the tar: the header that shows it. */
  readonly offset: number
  /** The entry's path for people, or empty where there is none. */
  readonly entry: string
  readonly message: string
}

/** Tells oddities; each kind at most a hundred times, V7 once. */
export interface OddityTeller {
  odd(kind: TarOddityKind, offset: number, entry: string, message: string): void
  /** Looks at a member whose header stands at `offset`. */
  member(offset: number, header: HeaderFields, meta: Meta, entry: TarEntry): void
  /** Looks at a global header. */
  global(offset: number, entry: TarEntry): void
  /** Meta entries from `offset` on that no entry follows. */
  orphan(offset: number): void
}

const MOST_OF_A_KIND = 100

/** Passes on what a tar tells: of each kind the first hundred, V7 once. */
export function firstOfEach(listener: (oddity: TarOddity) => void): (oddity: TarOddity) => void {
  const told = new Map<TarOddityKind, number>()
  return (oddity) => {
    const before = told.get(oddity.kind) ?? 0
    told.set(oddity.kind, before + 1)
    if (before < (oddity.kind === 'v7' ? 1 : MOST_OF_A_KIND)) listener(oddity)
  }
}

/** A teller for a listener; without one it looks at nothing. */
export function oddityTeller(listener: ((oddity: TarOddity) => void) | undefined): OddityTeller {
  const nothing = () => undefined
  if (listener === undefined) return { odd: nothing, member: nothing, global: nothing, orphan: nothing }
  const tell = firstOfEach(listener)
  const odd: OddityTeller['odd'] = (kind, offset, entry, message) => tell({ kind, offset, entry, message })
  return {
    odd,
    member(offset, header, meta, entry) {
      memberOddities(header, meta, entry, (kind, message) => odd(kind, offset, entry.path, message))
    },
    global(offset, entry) {
      odd('global-header', offset, entry.path, 'PAX records meant for all later entries')
      if (entry.pax.has('path')) odd('global-path', offset, entry.path, 'a PAX path meant for all later entries')
    },
    orphan(offset) {
      odd('orphaned-meta', offset, '', 'a PAX header or long name that no entry follows')
    },
  }
}

type Say = (kind: TarOddityKind, message: string) => void

function memberOddities(header: HeaderFields, meta: Meta, entry: TarEntry, say: Say): void {
  const { format, typeflag, signedChecksum, gnuPrefix } = header
  if (format === 'v7') say('v7', 'a header without the magic of ustar')
  if (signedChecksum) say('signed-checksum', 'the checksum adds signed bytes')
  if (gnuPrefix) say('gnu-prefix', 'a GNU header with a name prefix in the place of its times')
  if (typeflag === 0 && entry.type === 'directory') {
    say('nul-directory', 'a directory by its trailing slash alone')
  }
  if (entry.type === 'unknown') say('non-standard-type', `type ${JSON.stringify(entry.typeflag)}`)
  if (entry.sparse !== undefined) say('sparse', `${entry.sparse.length.toString()} regions of a sparse file`)
  if (entry.size !== 0 && entry.type !== 'file' && entry.type !== 'unknown') {
    say('size-without-content', `a ${entry.type} with a size of ${entry.size.toString()}`)
  }
  numberOddities(header, say)
  if (meta !== NO_META) metaOddities(header, meta, say)
}

function numberOddities({ mode, uid, gid, size, mtime, devMajor, devMinor }: HeaderFields, say: Say): void {
  const small = [mode, uid, gid, devMajor, devMinor]
  if (mtime < 0 || size < 0 || small.some((number) => number < 0)) {
    say('base-256-negative', 'a negative number in binary')
  }
  if (typeof size === 'bigint' || small.some((number) => typeof number === 'bigint')) {
    say('rounded-number', 'a number beyond 2^53, rounded here')
  }
}

function metaOddities(header: HeaderFields, meta: Meta, say: Say): void {
  const { records, longName, longLink, paxHeaders, repeated } = meta
  if (paxHeaders > 1) say('second-pax-header', 'two PAX headers before one entry: the second counts')
  if (repeated.length > 0) say('duplicate-pax-key', `the PAX record ${JSON.stringify(repeated[0])} stands twice`)
  const both = (longName !== undefined && records.has('path')) || (longLink !== undefined && records.has('linkpath'))
  if (both) say('long-name-and-pax-path', 'a GNU long name and a PAX path: the long name counts')
  const size = latin1(records.get('size') ?? new Uint8Array(0)).slice(0, 24)
  // A size that does not fit into eleven octal digits has nothing but the record to stand in.
  if (size !== '' && size !== header.size.toString() && Number(size) < 2 ** 33) {
    say('pax-size', `the PAX size ${size} replaces ${header.size.toString()}`)
  }
}
