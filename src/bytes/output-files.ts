import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { outputError } from './file-place.js'
import { growingFile, type GrowingFile } from './growing-file.js'
import { syncDirectory } from './output.js'

// Node has four threads for files: with these waiting for the disk, one is left to write the next.
const AT_ONCE = 3
// A larger one may hold memory until it is stored, and its bytes are what takes long then.
const SMALL = 1024 * 1024

/** The files of a directory that nobody else sees yet, named by their paths in it. */
export interface OutputFiles extends AsyncDisposable {
  /**
   * Makes a file, and the directories on the way to it; gives how many bytes were written. It is stored while the next are
   * made. Errors: ERR_OUTPUT, of earlier files too, or what `fill` throws, and then the file is gone.
   */
  make(path: string, fill: (file: OutputFile) => Promise<void>): Promise<number>
  /** Gives a file that was made another path. Errors: ERR_OUTPUT. */
  move(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** All files are on the disk, and their names. Errors: ERR_OUTPUT. */
  store(): Promise<void>
}

/** A file in the making. */
export type OutputFile = Pick<GrowingFile, 'append' | 'take'>

/** For an empty directory, which errors call `location`. Disposing waits until nothing is being stored any more. */
export function outputFiles(directory: string, location: string): OutputFiles {
  const storing = storingBeside()
  // Not by `join`, which would lead past links out of a directory.
  const pathOf = (name: string): string => `${directory}/${name}`
  const directories = new Set(['.'])
  const told = (cause: unknown): never => {
    throw outputError(cause, location)
  }
  const makeParents = async (name: string): Promise<void> => {
    const parent = dirname(name)
    if (directories.has(parent)) return
    await makeParents(parent)
    await mkdir(pathOf(parent)).catch(told)
    directories.add(parent)
  }
  return {
    async make(name, fill) {
      const path = pathOf(name)
      await storing.room().catch(told)
      await makeParents(name)
      const handle = await open(path, 'wx').catch(told)
      const file = growingFile(path, handle, (cause) => outputError(cause, location))
      try {
        await fill(file)
      } catch (error) {
        await file.close().catch(() => undefined)
        await rm(path, { force: true })
        throw error
      }
      storing.start(file)
      if (file.position > SMALL) await storing.done().catch(told)
      return file.position
    },
    async move(from, to) {
      await makeParents(to)
      await rename(pathOf(from), pathOf(to)).catch(told)
    },
    remove: (path) => rm(pathOf(path), { force: true }),
    async store() {
      await storing.done().catch(told)
      for (const name of directories) await syncDirectory(name === '.' ? directory : pathOf(name))
    },
    [Symbol.asyncDispose]: () => storing.idle(),
  }
}

interface StoringBeside {
  /** Stores the file and closes it. */
  start(file: GrowingFile): void
  /** Waits until another may be started. Throws what the system said of any that was. */
  room(): Promise<void>
  /** Waits for all. Throws as `room`. */
  done(): Promise<void>
  /** Waits for all; never throws. */
  readonly idle: () => Promise<void>
}

function storingBeside(): StoringBeside {
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  const idle = async (): Promise<void> => {
    await Promise.all(running)
  }
  const check = (): void => {
    for (const cause of failures) throw cause
  }
  return {
    start(file) {
      const one = stored(file)
        .catch((cause: unknown) => void failures.push(cause))
        .then(() => void running.delete(one))
      running.add(one)
    },
    async room() {
      if (running.size >= AT_ONCE) await Promise.race(running)
      check()
    },
    async done() {
      await idle()
      check()
    },
    idle,
  }
}

async function stored(file: GrowingFile): Promise<void> {
  try {
    await file.store()
  } finally {
    await file.close()
  }
}
