import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { access, constants, readlink, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, isAbsolute } from 'node:path'
import { ArchiveError, toArchiveError } from '../errors.js'

/** How to open an output. */
export interface OutputOptions {
  /** Whether a file that exists may be replaced. */
  readonly force: boolean
}

/** Where a file is to be; what is neither file nor directory (a device, a named pipe) is written as it is. */
export type FilePlace =
  | { readonly kind: 'device' }
  /** `path` is where the symlinks on the way lead; `replaced` stands there. */
  | { readonly kind: 'file'; readonly path: string; readonly replaced: Stats | undefined }

/** NAME_MAX of nearly all file systems, in bytes. */
export const LONGEST_NAME = 255
const MOST_HOPS = 40

/** ERR_OUTPUT for what the system said; our own errors pass as they are. */
export function outputError(cause: unknown, location: string): ArchiveError {
  const error = toArchiveError(cause, { location })
  if (error === cause || error.code === 'ERR_ABORTED') return error
  const code = systemCode(cause)
  const message = code === 'EPIPE' ? 'the reader of the pipe has gone' : error.message
  const hint = code === 'ENOENT' ? 'make the folder for it first' : undefined
  return new ArchiveError('ERR_OUTPUT', message, { location, cause, ...(hint !== undefined && { hint }) })
}

/** ERR_OUTPUT for a place that is taken. */
export function refuseTaken(location: string): ArchiveError {
  return new ArchiveError('ERR_OUTPUT', 'the output exists', { location, hint: '--force replaces it' })
}

/** The code of an error of the system, as `ENOENT`. */
export function systemCode(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

/** A name beside `path`, which ends with no slash, that nobody else uses; it is in the directory that the system would find `path` in. */
export function nameBeside(path: string): string {
  const end = `.imgtar-${randomBytes(6).toString('hex')}`
  const name = basename(path)
  return `${path.slice(0, path.length - name.length)}.${cutName(name, LONGEST_NAME - end.length - 1)}${end}`
}

/** As much of a name as fits into so many bytes. */
export function cutName(name: string, bytes: number): string {
  return name.slice(0, new TextEncoder().encodeInto(name, new Uint8Array(bytes)).read)
}

/** Refuses a place in a directory where nothing can be made. Errors: ERR_OUTPUT. */
export async function checkParent(place: string, location: string): Promise<void> {
  await access(dirname(place), constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw outputError(cause, location)
  })
}

/** What stands where a file is to be. Errors: ERR_OUTPUT where that may not be replaced, or cannot be reached. */
export async function placeOf(path: string, { force }: OutputOptions): Promise<FilePlace> {
  const status = await stat(path).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw outputError(cause, path)
  })
  if (status?.isDirectory() === true || path.endsWith('/')) {
    throw new ArchiveError('ERR_OUTPUT', 'the output is a directory', {
      location: path,
      hint: 'name a file in it',
    })
  }
  if (status !== undefined && !status.isFile()) return { kind: 'device' }
  if (status !== undefined && !force) throw refuseTaken(path)
  return { kind: 'file', path: await followed(path), replaced: status }
}

/**
 * A symlink stays one: what it leads to is written, also where nothing is there yet. Only names that are links are spelled
 * anew: the path of a directory may have bytes that no text of ours can hold.
 */
async function followed(path: string): Promise<string> {
  let place = path
  for (let hops = 0; hops < MOST_HOPS; hops++) {
    const target = await readlink(place).catch(() => undefined)
    if (target === undefined) break
    place = isAbsolute(target) ? target : `${dirname(place)}/${target}`
  }
  return place
}

/** The mode in which to make a file that takes the place of another: nobody may read it who might not read that. */
export function modeToWrite(replaced: Stats | undefined): number | undefined {
  return replaced === undefined ? undefined : permissionsOf(replaced) | 0o600
}

/** Gives a file the permissions of the one that it replaces, and its owner where that is allowed. */
export async function takeAfter(handle: FileHandle, replaced: Stats): Promise<void> {
  const { uid, gid } = await handle.stat()
  if (uid !== replaced.uid || gid !== replaced.gid) {
    await handle
      .chown(replaced.uid, replaced.gid)
      .catch(() => handle.chown(-1, replaced.gid))
      .catch(() => undefined)
  }
  // File systems without permissions refuse it, and there is nothing to keep then.
  await handle.chmod(permissionsOf(replaced)).catch(() => undefined)
}

function permissionsOf({ mode }: Stats): number {
  return mode & 0o777
}
