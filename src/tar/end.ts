import { ArchiveError } from '../errors.js'

/** Why reading had to stop; where Go's archive/tar gives an error, this is it. */
export type TarFaultKind =
  | 'checksum' // a block that is no header: its bytes do not add up
  | 'header' // a header whose fields cannot be read
  | 'pax' // PAX records that cannot be read
  | 'sparse' // a sparse map that contradicts itself or the stored bytes
  | 'size' // a negative size, or one beyond 2^53-1
  | 'limit' // too many entries, or a meta entry that is too long
  | 'truncated-header' // the bytes end inside a header or a meta entry
  | 'truncated-content' // the bytes end inside a content

/** Where and why reading had to stop. */
export interface TarFault {
  readonly kind: TarFaultKind
  /** In the tar: the block that is wrong, or the end of the bytes where they are too few. */
  readonly offset: number
  readonly message: string
  /** The entry that could not be read to its end, as far as its name was known. */
  readonly entry?: string
}

/** How a tar ended; all offsets are in the tar. */
export interface TarEnd {
  /** Entries given. */
  readonly entries: number
  /** End of the last whole entry, padding included. */
  readonly offset: number
  readonly marker: 'two-zero-blocks' | 'one-zero-block' | 'none'
  /** All bytes, those after the end marker or the fault too: a diffID covers them. */
  readonly size: number
  /** Bytes after the end marker, or from the fault on. */
  readonly trailing: number
  readonly trailingNonZero: boolean
  /** Absent when Go's archive/tar reads the tar to its end. */
  readonly fault?: TarFault
}

/** Thrown while a header is read, caught by the decoder, and told as a TarFault. */
export class TarStop extends Error {
  override readonly name = 'TarStop'
  readonly kind: TarFaultKind
  readonly offset: number

  constructor(kind: TarFaultKind, offset: number, message: string) {
    super(message)
    this.kind = kind
    this.offset = offset
  }
}

/** The error for callers who need the whole tar; the location is that of the tar. */
export function tarFaultError(fault: TarFault, location: string | undefined): ArchiveError {
  const { kind, offset, message, entry } = fault
  const place = { offset, ...(location === undefined ? {} : { location }) }
  const text = entry === undefined ? message : `${message} (at ${JSON.stringify(entry)})`
  if (kind === 'truncated-header' || kind === 'truncated-content') return new ArchiveError('ERR_TRUNCATED', text, place)
  if (kind !== 'limit') return new ArchiveError('ERR_TAR_HEADER', text, place)
  return new ArchiveError('ERR_LIMIT', text, { ...place, hint: 'raise --limit-pax or --limit-entries' })
}
