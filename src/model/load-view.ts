import type { Compression } from '../bytes/compression.js'
import type { ByteSource } from '../bytes/source.js'
import type { TarEntryType } from '../tar/entry.js'
import type { TarEnd } from '../tar/end.js'

/** One member of an archive as a loader meets it: nothing is cleaned, no duplicate is dropped. */
export interface LoadMember {
  /** As stored, a latin1 character a byte. */
  readonly name: string
  readonly type: TarEntryType
  /** The type byte of the header. */
  readonly typeflag: string
  /** Target of a link, as stored, a latin1 character a byte. */
  readonly link: string
  /** As the header tells it. */
  readonly size: number
  /** Bytes of a regular file or of a type that nobody knows; absent for all else, and for what the archive cuts short. */
  readonly source?: ByteSource
}

/** One level of compression around an archive. */
export interface Peel {
  readonly compression: Exclude<Compression, 'none'>
  /** The stream breaks (`broken`), its checksum is wrong, or something else follows it. */
  readonly problem?: 'broken' | 'checksum' | 'trailing'
}

/**
 * An archive before anybody interpreted it, which is what loaders differ about: its compression, its members in their
 * order with duplicates, and how its tar ended. Dispose of it when done.
 */
export interface LoadView extends AsyncDisposable {
  /** As the user named it. */
  readonly location: string
  /** Whether it is a directory of the system instead of a file. */
  readonly isDirectory: boolean
  /** Outermost first; at most two levels are taken off, since one loader takes two. */
  readonly peels: readonly Peel[]
  readonly members: readonly LoadMember[]
  /** How the tar ended; for directories an end without a fault. */
  readonly end: TarEnd
}
