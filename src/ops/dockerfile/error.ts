import { ArchiveError } from '../../errors.js'

/** What is wrong with changes (`-c`), in docker's words; `line` counts over all of them, 1 first. */
export function changeError(message: string, line?: number): ArchiveError {
  return new ArchiveError('ERR_USAGE', `${line === undefined ? '' : `line ${String(line)} of the changes: `}${message}`)
}
