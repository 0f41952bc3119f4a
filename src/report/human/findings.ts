import { count } from '../../errors.js'
import { ruleOf, type Severity } from '../../findings.js'
import type { FindingReport } from '../../model/report.js'
import { visibleName, visibleText } from '../escape.js'
import { paintFor } from '../paint.js'
import type { Ink, Paint } from '../paint.js'
import { placeInWords } from '../place.js'
import type { Style } from '../presenter.js'

/** Findings of one code that are printed; `--json` has all. */
const MOST_OF_A_CODE: Record<Severity, number> = { error: 20, warning: 20, note: 3 }
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']
const INKS: Record<Severity, Ink> = { error: 'bad', warning: 'warn', note: 'note' }

/** How many findings of each severity there are, as `2 errors, 1 warning`; empty where there are none. */
export function countsInWords(findings: readonly FindingReport[]): string {
  const counted = findings.filter((one) => one.allowed !== true)
  const counts = SEVERITIES.map((severity) =>
    count(counted.filter((one) => one.severity === severity).length, severity),
  )
  const allowed = findings.length - counted.length
  return [...counts, `${allowed} allowed`].filter((text) => !text.startsWith('0 ')).join(', ')
}

/** The ink of the worst severity among findings that are not allowed. */
export function inkOf(findings: readonly FindingReport[]): Ink {
  const worst = SEVERITIES.find((severity) => findings.some((one) => one.severity === severity && one.allowed !== true))
  return worst === undefined ? 'good' : INKS[worst]
}

/** Findings as lines, worst first and code by code, each code with its help once. */
export function* findingLines(findings: readonly FindingReport[], style: Style): Generator<string> {
  const paint = paintFor(style.color)
  for (const severity of SEVERITIES) {
    const these = findings.filter((one) => one.severity === severity)
    for (const code of new Set(these.map((one) => one.code))) {
      yield* groupLines(
        these.filter((one) => one.code === code),
        paint,
      )
    }
  }
}

function* groupLines(group: readonly FindingReport[], paint: Paint): Generator<string> {
  const [first] = group
  if (first === undefined) return
  const most = MOST_OF_A_CODE[first.severity]
  for (const finding of group.slice(0, most)) yield* lines(finding, paint)
  if (group.length > most) {
    yield `    … and ${group.length - most} more of ${first.code}; --json lists them all`
  }
  const help = ruleOf(first.code)?.help
  if (help !== undefined) yield `    ${paint('faint', `help: ${help}`)}`
}

function* lines(finding: FindingReport, paint: Paint): Generator<string> {
  const severity = paint(finding.allowed === true ? 'faint' : INKS[finding.severity], finding.severity)
  const mark = finding.allowed === true ? ' (allowed)' : ''
  yield `  ${severity} ${paint('strong', finding.code)}${mark}: ${visibleText(finding.message)}`
  const place = placeInWords(finding.where, visibleName)
  if (place !== '') yield `    at ${place}`
  if (finding.expected !== undefined) yield `    expected ${visibleText(finding.expected)}`
  if (finding.actual !== undefined) yield `    actual   ${visibleText(finding.actual)}`
}
