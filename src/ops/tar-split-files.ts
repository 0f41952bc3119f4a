import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { outputError } from '../bytes/file-place.js'
import { ArchiveError } from '../errors.js'
import type { TarEntry } from '../tar/entry.js'
import { cleanPath } from '../tar/path.js'
import { onDisk } from '../tar/split-directory.js'

/** Takes the contents of the files of one tar. */
export interface FileTree extends Disposable {
  /** The next file; what follows is its content. Errors: ERR_UNSAFE_PATH, ERR_OUTPUT. */
  begin(entry: TarEntry): void
  write(chunk: Uint8Array): void
}

/**
 * Writes the regular files of a tar below a new directory, with the names that the tar has for them; links, devices and
 * empty directories need no file to be put together again. Nothing there is followed, since only this made it.
 */
export function fileTree(directory: string): FileTree {
  const made = new Set<string>()
  let file: number | undefined
  const close = () => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  return {
    begin(entry) {
      close()
      if (entry.type !== 'file' || entry.sparse !== undefined) return
      const { key, escapes, nul } = cleanPath(entry.rawPath)
      if (escapes || nul || key === '') {
        throw new ArchiveError('ERR_UNSAFE_PATH', `the name leads out of the directory: ${entry.path}`, {
          location: directory,
          offset: entry.header.offset,
        })
      }
      try {
        const parent = dirname(key)
        if (!made.has(parent)) mkdirSync(onDisk(directory, parent), { recursive: true })
        made.add(parent)
        file = openSync(onDisk(directory, key), 'wx')
      } catch (cause) {
        throw outputError(cause, `${directory}/${entry.path}`)
      }
    },
    write(chunk) {
      if (file === undefined) return
      try {
        for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done)
      } catch (cause) {
        throw outputError(cause, directory)
      }
    },
    [Symbol.dispose]: close,
  }
}
