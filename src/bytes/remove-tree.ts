import { chmodSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { holdDirectory, type HeldDirectory } from './held-directory.js'

/**
 * Removes a directory of our own with all that is in it, if it is there: also what Node's `rm` cannot remove, where
 * directories are closed even to their owner, names are no UTF-8, or paths longer than the system takes. Errors: those
 * of the system.
 */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {
    chmodSync(path, 0o700)
    emptied(holdDirectory(path))
    rmdirSync(path)
  })
}

/** Removes all that is in a directory, and closes it. */
function emptied(directory: HeldDirectory): void {
  try {
    for (const entry of readdirSync(directory.pathOf('.'), { withFileTypes: true, encoding: 'latin1' })) {
      const path = directory.pathOf(entry.name)
      if (entry.isDirectory()) {
        chmodSync(path, 0o700)
        emptied(directory.enter(entry.name))
        rmdirSync(path)
      } else unlinkSync(path)
    }
  } finally {
    directory.close()
  }
}
