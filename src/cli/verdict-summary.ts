import type { FindingReport, VerifyReport } from '../model/report.js'
import type { Verdict } from './verdict.js'

/** Counts of verdicts and of findings, those that are allowed apart. */
export function summaryOf(verdicts: readonly Verdict[]): VerifyReport['summary'] {
  const unreadable = verdicts.filter(({ error }) => error !== undefined).length
  const passed = verdicts.filter(({ ok }) => ok).length
  const findings = verdicts.flatMap((verdict) => verdict.findings)
  const counted = (severity: FindingReport['severity']): number =>
    findings.filter((finding) => finding.severity === severity && finding.allowed !== true).length
  return {
    archives: verdicts.length,
    passed,
    failed: verdicts.length - passed - unreadable,
    unreadable,
    findings: {
      error: counted('error'),
      warning: counted('warning'),
      note: counted('note'),
      allowed: findings.filter(({ allowed }) => allowed === true).length,
    },
  }
}
