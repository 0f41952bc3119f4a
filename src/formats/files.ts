import type { ByteSource } from '../bytes/source.js'
import type { FindingCode, Finding } from '../findings.js'
import { cleanKey, latin1Of } from '../tar/path.js'
import type { Measurement } from '../tar/measurement.js'

/** What a member is; `other` are devices, FIFOs and types that no document may refer to. */
export type MemberType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'

/** One named thing of an archive. */
export interface Member {
  /** Cleaned (see tar/path.ts): no leading slash, no `.` or `..`; a latin1 character a byte. */
  readonly path: string
  readonly type: MemberType
  /** Target of a link, as stored, a latin1 character a byte. */
  readonly linkPath: string
  /** Of files only. */
  readonly source?: ByteSource
  /** Where the content begins in the archive, where that can be said. */
  readonly offset?: number
  /** Made while the archive passed by on a pipe. */
  readonly measurement?: Measurement
}

/** A file that a name leads to. */
export interface FoundFile {
  readonly source: ByteSource
  readonly path: string
  readonly offset?: number
  readonly measurement?: Measurement
}

/** What a name leads to, links followed. */
export type Resolution =
  | { readonly kind: 'file'; readonly file: FoundFile }
  | { readonly kind: 'missing' }
  /** The archive ends inside it. */
  | { readonly kind: 'cut'; readonly offset?: number }
  | { readonly kind: 'broken'; readonly code: FindingCode; readonly message: string; readonly offset?: number }

/** The named files of an archive, wherever they lie. Follows links inside, refuses loops. */
export interface FileSet extends AsyncDisposable {
  readonly location: string
  /** Oddities of the wrapper itself. */
  readonly findings: readonly Finding[]
  /** Of a pipe that has been read: the contents are gone, and nobody can open it again. */
  readonly passed?: boolean
  /** The whole as one stream of bytes, where it is one: a tar, uncompressed or not. */
  readonly whole?: FoundFile
  /** Follows links, refuses what leads out, in circles, or to something that is no file. */
  resolve(path: string): Promise<Resolution>
  /** Names in a directory, in byte order; none where there is no such directory. */
  list(directory: string): Promise<readonly string[]>
}

/** The key under which a name from a document is found: its UTF-8 bytes, cleaned. Undefined where it leads out. */
export function keyOf(name: string): string | undefined {
  const clean = cleanKey(latin1Of(name))
  return clean.escapes || clean.nul || clean.key === '' ? undefined : clean.key
}

/** The file of that name, or undefined where there is none or it cannot be reached. */
export async function getFile(files: FileSet, path: string): Promise<FoundFile | undefined> {
  const found = await files.resolve(path)
  return found.kind === 'file' ? found.file : undefined
}
