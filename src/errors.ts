import { getSystemErrorMap } from 'node:util'
import type { Finding } from './findings.js'

/** Every code an ArchiveError can carry; stable, documented in docs/findings.md. */
export const ERROR_CODES = {
  ERR_NOT_FOUND: 'no such file, member or image',
  ERR_IO: 'the operating system refused a read or a write',
  ERR_TRUNCATED: 'the bytes end before the structure does',
  ERR_COMPRESSION: 'a compressed stream is damaged',
  ERR_UNSUPPORTED: 'a format or feature that imgtar cannot handle',
  ERR_TAR_HEADER: 'a tar header that cannot be read',
  ERR_NOT_ARCHIVE: 'neither an image archive nor a tar',
  ERR_JSON: 'a document is not the JSON that it should be',
  ERR_DOCUMENT: 'a document lacks what its format demands',
  ERR_DIGEST: 'bytes do not have the digest that was claimed for them',
  ERR_LIMIT: 'a limit was reached; an option raises it',
  ERR_UNSAFE_PATH: 'a path that leaves its place',
  ERR_LINK: 'a link inside the archive that leads nowhere, out, or in a circle',
  ERR_NOT_SEEKABLE: 'a pipe was asked to be read again',
  ERR_REFERENCE: 'a name, tag or digest that does not parse or is ambiguous',
  ERR_USAGE: 'the command line asks for something that makes no sense',
  ERR_POLICY: 'a policy file that cannot be read',
  ERR_OUTPUT: 'the output cannot be written',
  ERR_ABORTED: 'the work was interrupted',
} as const

/** The code of an ArchiveError. */
export type ErrorCode = keyof typeof ERROR_CODES

/** What users can do about faults that are met in many places. */
export const HINTS = {
  salvage: 'imgtar salvage saves what is intact',
  damaged: 'imgtar verify tells all that is wrong, imgtar salvage saves what is intact',
  cut: 'it is cut or damaged: copy or make it again',
  noTar: 'imgtar reads tars, compressed or not, and directories; file(1) says what this is',
  limit: 'raise the limit if the archive is trusted',
} as const

/** Where an error lies and what to do about it. */
export interface ErrorPlace {
  /** The archive, and the member inside it after ` › `. */
  readonly location?: string
  /** Byte offset in what `location` names. */
  readonly offset?: number
  /** What the user can do. */
  readonly hint?: string
  readonly cause?: unknown
  /** What was found before the work had to stop. */
  readonly findings?: readonly Finding[]
}

/** The answer cannot be given: thrown with a stable code, the place and, where there is one, a way out. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
  readonly code: ErrorCode
  readonly location: string | undefined
  readonly offset: number | undefined
  readonly hint: string | undefined
  readonly findings: readonly Finding[]

  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause })
    this.code = code
    this.location = place.location
    this.offset = place.offset
    this.hint = place.hint
    this.findings = place.findings ?? []
  }
}

// What stands in a name for bytes that are no UTF-8: Node gives command lines and folders as text.
const REPLACEMENT = '\ufffd'
const MANGLED = 'names on the command line are UTF-8; stdin takes what has another: imgtar COMMAND - < FILE'

/** What was thrown first, where closing what was open threw as well: that one tells what is wrong. */
export function firstOf(error: unknown): unknown {
  // By its name: the class is younger than Node 20, for which TypeScript makes an Error of that name.
  const isLater = error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error
  return isLater ? firstOf(error.suppressed) : error
}

/** Whether it is what a signal of AbortController, or of AbortSignal.timeout, throws where nothing else was asked of it. */
function isAbort(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

/** Ends what a signal says is not wanted any more. Errors: ERR_ABORTED, with what the signal says as its cause. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  const cause: unknown = signal.reason
  throw cause instanceof ArchiveError ? cause : new ArchiveError('ERR_ABORTED', 'interrupted', { cause })
}

/** An ArchiveError for whatever was thrown; system errors keep their message, and our own pass as they are. */
export function toArchiveError(thrown: unknown, place: ErrorPlace = {}): ArchiveError {
  const error = firstOf(thrown)
  if (error instanceof ArchiveError) return error
  const message = error instanceof Error ? systemMessage(error) : String(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (isAbort(error)) return new ArchiveError('ERR_ABORTED', 'interrupted', { ...place, cause: error })
  if (code !== 'ENOENT') return new ArchiveError('ERR_IO', message, { ...place, cause: error })
  if (error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd') {
    return new ArchiveError('ERR_NOT_FOUND', 'the current directory is gone', { hint: 'cd to another', cause: error })
  }
  const isMangled = place.hint === undefined && place.location?.includes(REPLACEMENT) === true
  return new ArchiveError('ERR_NOT_FOUND', message, { ...place, ...(isMangled && { hint: MANGLED }), cause: error })
}

/** What the system says of an error, without the call and the path that Node adds: the place tells those. */
function systemMessage(error: Error): string {
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? error.message
}

/** A number with its noun for messages, as `1 image`, `2 images`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
