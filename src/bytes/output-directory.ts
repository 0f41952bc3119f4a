import { access, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ArchiveError } from '../errors.js'
import { checkParent, nameBeside, outputError, refuseTaken, syncDirectory, type OutputOptions } from './output.js'

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
 * already. Errors: ERR_OUTPUT where something else is there and may not be replaced, or it cannot be made.
 */
export async function directoryOutput(path: string, options: OutputDirectoryOptions): Promise<OutputDirectory> {
  await refuseUnreplaceable(path, options)
  const place = path.replace(/\/+$/, '') || '/'
  const beside = nameBeside(place)
  await mkdir(beside).catch((cause: unknown) => {
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
        throw outputError(cause, path)
      }
      await rm(old, { recursive: true, force: true })
    },
    async [Symbol.asyncDispose]() {
      await rm(beside, { recursive: true, force: true })
    },
  }
}

/** Refuses what `directoryOutput` would, and makes nothing. Errors: as directoryOutput. */
export async function checkDirectory(path: string, options: OutputDirectoryOptions): Promise<void> {
  await refuseUnreplaceable(path, options)
  await checkParent(path.replace(/\/+$/, '') || '/', path)
}

async function refuseUnreplaceable(path: string, { force, mark }: OutputDirectoryOptions): Promise<void> {
  const status = await lstat(path).catch(() => undefined)
  if (status === undefined) return
  if (!status.isDirectory()) {
    throw new ArchiveError('ERR_OUTPUT', 'the output exists and is no directory', { location: path })
  }
  if ((await readdir(path)).length === 0) return
  if (!force) throw refuseTaken(path)
  const isOurs = mark !== undefined && (await access(join(path, mark)).then(...YES_OR_NO))
  if (!isOurs) {
    const hint = 'name a directory that is new or empty'
    throw new ArchiveError('ERR_OUTPUT', 'the directory holds something else, which is not replaced', {
      location: path,
      hint,
    })
  }
}

const YES_OR_NO = [() => true, () => false] as const

async function moveAway(place: string, old: string): Promise<boolean> {
  return rename(place, old).then(
    () => true,
    (cause: unknown) => {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false
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
