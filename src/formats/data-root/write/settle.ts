import { execFile } from 'node:child_process'
import { ArchiveError } from '../../../errors.js'

const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

/**
 * Makes sure that everything on a directory's file system is on the disk: to flush file after file takes minutes where a
 * layer has ten thousands of them, so that the system's `sync` does it with one syncfs(2), or where it knows no
 * `--file-system`, for all disks. Errors: ERR_OUTPUT where the disk could not take it, or there is no `sync`.
 */
export async function settle(directory: string): Promise<void> {
  const first = await run(['--file-system', directory])
  const answer = first !== undefined && /option|usage/i.test(first) ? await run([]) : first
  if (answer === undefined) return
  throw new ArchiveError('ERR_OUTPUT', `what was written is not safely on the disk: ${answer.trim()}`, {
    location: directory,
  })
}

/** What `sync` complains of; undefined where all went well. */
function run(options: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('sync', options, { env: ENVIRONMENT }, (error, _, words) => {
      resolve(error === null ? undefined : words === '' ? error.message : words)
    })
  })
}
