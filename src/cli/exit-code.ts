import type { FindingReport, Report } from '../model/report.js'

/** Exit codes of every command; nothing else is ever returned. */
export const EXIT = {
  clean: 0,
  /** Findings or differences. */
  findings: 1,
  /** Unreadable archives, bad usage, failed output. */
  trouble: 2,
  /** Our bug: sysexits' EX_SOFTWARE. */
  bug: 70,
  interrupted: 130,
} as const

/** A code of EXIT. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The code that a report ends with, the same in every output format; what could not be read outweighs what is wrong. */
export function exitCodeOf(report: Report): ExitCode {
  if (couldNotRead(report)) return EXIT.trouble
  return report.ok ? EXIT.clean : EXIT.findings
}

function couldNotRead(report: Report): boolean {
  // What could not be written is an error, and no report.
  if ('output' in report) return false
  switch (report.schema) {
    case 'imgtar/verify/v1':
      return report.archives.some((archive) => archive.error !== undefined)
    case 'imgtar/images/v1':
      return report.errors.length > 0
    case 'imgtar/diff/v1':
      return !report.whole
    case 'imgtar/rootfs-digest/v1':
      return report.digest === null
    case 'imgtar/tar-split/v1':
    case 'imgtar/census/v1':
    case 'imgtar/recover/v1':
    case 'imgtar/load/v1':
    case 'imgtar/salvage/v1':
    case 'imgtar/inspect/v1':
    case 'imgtar/history/v1':
    case 'imgtar/ls/v1':
    case 'imgtar/efficiency/v1':
    case 'imgtar/buried/v1':
    case 'imgtar/blame/v1':
    case 'imgtar/packages/v1':
      return false
  }
}

/** Whether findings leave the exit code at 0: notes do, errors and warnings do not. */
export function isClean(findings: readonly FindingReport[]): boolean {
  return findings.every(({ severity }) => severity === 'note')
}
