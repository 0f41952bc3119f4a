import { isAtLeast, type Severity } from '../findings.js'
import type { FindingReport } from '../model/report.js'

/** What an archive is failed for. */
export interface Standard {
  /** The least severity that fails it. */
  readonly failOn: Severity
  /** Codes that are accepted: told all the same, and marked. */
  readonly allow: readonly string[]
}

/** Findings held against a standard. */
export interface Judgement {
  /** Whether nothing fails. */
  readonly ok: boolean
  /** The findings in their order, those that are accepted marked. */
  readonly findings: FindingReport[]
}

/** Marks what a standard accepts, and tells whether what remains is below what it fails. */
export function judge(findings: readonly FindingReport[], { failOn, allow }: Standard): Judgement {
  const allowed = new Set(allow)
  const marked = findings.map((finding) => (allowed.has(finding.code) ? { ...finding, allowed: true } : finding))
  const ok = marked.every((finding) => finding.allowed === true || !isAtLeast(finding.severity, failOn))
  return { ok, findings: marked }
}
