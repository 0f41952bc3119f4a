import type { Span } from '../bytes/source.js'

/** In an order that records count on; `global` is a PAX global header: Go returns it as an entry and applies it to nothing. */
export const ENTRY_TYPES = [
  'file',
  'hardlink',
  'symlink',
  'char',
  'block',
  'directory',
  'fifo',
  'global',
  'unknown',
] as const

/** What an entry makes; `unknown` is a type that Go's archive/tar reads and docker refuses. */
export type TarEntryType = (typeof ENTRY_TYPES)[number]

/** One data region of a sparse file, in the logical file. */
export interface SparseRegion {
  readonly offset: number
  readonly length: number
}

/** One member of a tar, as stored, with the exact place of its bytes. */
export interface TarEntry {
  /** As stored, never cleaned: UTF-8 where the bytes are valid UTF-8, else latin1. For people. */
  readonly path: string
  /** A name is bytes: these decide. */
  readonly rawPath: Uint8Array
  readonly type: TarEntryType
  /** The type byte of the header, NUL shown as `0`. */
  readonly typeflag: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly uname: string
  readonly gname: string
  /** Logical bytes of the content; also kept for links and directories, which have no content. */
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly linkPath: string
  readonly rawLinkPath: Uint8Array
  readonly devMajor: number
  readonly devMinor: number
  /** The local PAX records that preceded the header, raw values. */
  readonly pax: ReadonlyMap<string, Uint8Array>
  /** All header blocks, PAX and GNU ones too, in the tar. Copy them and the digest stays. */
  readonly header: Span
  /** The stored content in the tar, without padding. For sparse files the stored regions. */
  readonly content: Span
  /** Data regions of a sparse file; the stored content holds them one after the other. */
  readonly sparse?: readonly SparseRegion[]
}
