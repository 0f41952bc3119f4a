import type { Stats } from 'node:fs'
import { access, chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ArchiveError } from '../errors.js'
import {
  checkParent,
  modeToWrite,
  nameBeside,
  outputError,
  refuseTaken,
  systemCode,
  type OutputOptions,
} from './file-place.js'
import { syncDirectory } from './output.js'
import { removeTree } from './remove-tree.js'

/** A directory in the making. Nothing of it shows before `commit`; disposing of it without one leaves no trace. */
export interface OutputDirectory extends AsyncDisposable {
  /** As the user named it. */
  readonly location: string
  /** Where to write meanwhile. */
  readonly path: string
  /** Puts the directory in its place. Errors: ERR_OUTPUT. */
  commit(): Promise<void>
}

/** How to open an output directory. */
export interface OutputDirectoryOptions extends OutputOptions {
  /** A file that an existing directory must hold for `force` to replace it, so that a slip deletes nobody's home. */
  readonly mark?: string
}

/**
 * Opens a directory to be written: beside its place, and moved there by `commit`. An empty directory may be there
 * already; its permissions stay. Errors: ERR_OUTPUT where something else is there and may not be replaced, or it cannot
 * be made.
 */
export async function directoryOutput(path: string, options: OutputDirectoryOptions): Promise<OutputDirectory> {
  const replaced = await replaceable(path, options)
  const place = path.replace(/\/+$/, '') || '/'
  const beside = nameBeside(place)
  await makeLike(beside, replaced).catch((cause: unknown) => {
    throw outputError(cause, path)
  })
  return {
    location: path,
    path: beside,
    async commit() {
      const old = nameBeside(place)
      try {
        if (await moveAway(place, old)) await moveIn(beside, place, old)
        else await rename(beside, place)
        await syncDirectory(dirname(place))
      } catch (cause) {
        throw systemCode(cause) === 'EBUSY' ? refuseBusy(path) : outputError(cause, path)
      }
      await rm(old, { recursive: true, force: true })
    },
    async [Symbol.asyncDispose]() {
      await removeTree(beside)
    },
  }
}

/** Works in a directory in the making. What goes wrong there is told by the place that the user named. */
export async function inDirectory<T>({ path, location }: OutputDirectory, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ArchiveError) || error.location?.startsWith(path) !== true) throw error
    const { code, message, offset, hint, findings } = error
    throw new ArchiveError(code, message, {
      location: `${location}${error.location.slice(path.length)}`,
      ...(offset !== undefined && { offset }),
      ...(hint !== undefined && { hint }),
      findings,
      cause: error,
    })
  }
}

/** Refuses what `directoryOutput` would, and makes nothing. Errors: as directoryOutput. */
export async function checkDirectory(path: string, options: OutputDirectoryOptions): Promise<void> {
  await replaceable(path, options)
  await checkParent(path.replace(/\/+$/, '') || '/', path)
}

async function makeLike(directory: string, replaced: Stats | undefined): Promise<void> {
  await mkdir(directory, 0o777)
  const mode = modeToWrite(replaced)
  // File systems without permissions refuse it, and there is nothing to keep then.
  if (mode !== undefined) await chmod(directory, mode | 0o700).catch(() => undefined)
}

function refuseBusy(location: string): ArchiveError {
  const hint = 'a directory comes into its place whole: name one that is new, inside that one for instance'
  return new ArchiveError('ERR_OUTPUT', 'that directory cannot be replaced: it is in use', { location, hint })
}

/** The directory that is there and may be replaced. Errors: ERR_OUTPUT. */
async function replaceable(path: string, { force, mark }: OutputDirectoryOptions): Promise<Stats | undefined> {
  const status = await lstat(path).catch(() => undefined)
  if (status === undefined) return undefined
  if (!status.isDirectory()) {
    throw new ArchiveError('ERR_OUTPUT', 'the output exists and is no directory', { location: path })
  }
  const names = await readdir(path).catch((cause: unknown) => {
    throw outputError(cause, path)
  })
  const isEmpty = names.length === 0
  // What may not be replaced in any case must not be said to need --force.
  const isOurs = isEmpty || (mark !== undefined && (await access(join(path, mark)).then(...YES_OR_NO)))
  if (!isOurs) {
    const hint = 'name a directory that is new or empty'
    throw new ArchiveError('ERR_OUTPUT', 'the directory holds something else, which is not replaced', {
      location: path,
      hint,
    })
  }
  if (!isEmpty && !force) throw refuseTaken(path)
  // Nothing can be put in the place of such a name.
  if (['.', '..', ''].includes(basename(path))) throw refuseBusy(path)
  return status
}

const YES_OR_NO = [() => true, () => false] as const

async function moveAway(place: string, old: string): Promise<boolean> {
  return rename(place, old).then(
    () => true,
    (cause: unknown) => {
      if (systemCode(cause) === 'ENOENT') return false
      throw cause
    },
  )
}

async function moveIn(from: string, place: string, old: string): Promise<void> {
  try {
    await rename(from, place)
  } catch (cause) {
    await rename(old, place)
    throw cause
  }
}
