import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { ErrorReport } from '../model/report.js'

/** An error as reports carry it: the member is told apart from the archive. */
export function reportError(error: ArchiveError, archive: string): ErrorReport {
  const { code, message, location = archive, offset, hint } = error
  const path = location.startsWith(`${archive} › `) ? location.slice(archive.length + 3) : undefined
  return {
    code,
    message,
    where: { archive, ...(path !== undefined && { path }), ...(offset !== undefined && { offset }) },
    ...(hint !== undefined && { hint }),
  }
}

/**
 * Throws on what came of reading something else than the archive that a report is about, such as a base: the message names
 * it, so that nobody takes it for a fault of the archive.
 */
export function ofOther(what: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ArchiveError) || error.code === 'ERR_ABORTED') throw error
    const { code, location = '', offset, hint, message } = error
    throw new ArchiveError(code, `${what} ${location}: ${message}`, {
      location,
      cause: error,
      ...(offset !== undefined && { offset }),
      ...(hint !== undefined && { hint }),
    })
  }
}

/** The error if it is about one archive, so that others can be looked at; whatever else was thrown goes on. */
export function oneArchiveOnly(error: unknown, context: RunContext): ArchiveError {
  if (error instanceof ArchiveError && context.signal?.aborted !== true && error.code !== 'ERR_ABORTED') return error
  throw error
}
