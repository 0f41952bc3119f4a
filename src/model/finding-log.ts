import type { ArchiveError } from '../errors.js'
import type { Finding, FindingCode, FindingPlace } from '../findings.js'

/** The values that did not fit, and the place inside the archive. */
export type FindingDetail = Omit<FindingPlace, 'archive'> & { readonly expected?: string; readonly actual?: string }

/** Collects the findings about one archive. */
export interface FindingLog {
  readonly archive: string
  readonly findings: readonly Finding[]
  add(code: FindingCode, message: string, detail?: FindingDetail): void
  /** A finding for an error that stops only a part of the work; `base` is where in the archive its offset counts from. */
  addError(code: FindingCode, error: ArchiveError, detail?: FindingDetail): void
}

/** A log for the archive of that name. */
export function findingLog(archive: string): FindingLog {
  const findings: Finding[] = []
  const log: FindingLog = {
    archive,
    findings,
    add(code, message, { expected, actual, ...place } = {}) {
      findings.push({
        code,
        message,
        where: { archive, ...place },
        ...(expected !== undefined && { expected }),
        ...(actual !== undefined && { actual }),
      })
    },
    addError(code, error, detail = {}) {
      const offset = error.offset === undefined ? detail.offset : (detail.offset ?? 0) + error.offset
      log.add(code, explained(error), { ...detail, ...(offset !== undefined && { offset }) })
    },
  }
  return log
}

/** What an error says with what can be done about it: findings have no hint of their own. */
export function explained({ message, hint }: ArchiveError): string {
  return hint === undefined ? message : `${message}; ${hint}`
}
