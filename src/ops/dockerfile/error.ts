import { ArchiveError } from '../../errors.js'

/** What is wrong with changes (`-c`), in docker's words; `line` counts over all of them, 1 first. */
export function changeError(message: string, line?: number, hint?: string): ArchiveError {
  const place = line === undefined ? '' : `line ${String(line)} of the changes: `
  return new ArchiveError('ERR_USAGE', `${place}${message}`, { ...(hint !== undefined && { hint }) })
}
