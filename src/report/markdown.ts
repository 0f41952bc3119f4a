import type { FindingReport } from '../model/report.js'
import { visibleText } from './escape.js'
import { countsInWords } from './human/findings.js'
import { diffMarkdown } from './markdown-diff.js'
import { withoutMarkup } from './markup.js'
import { imageName, outcomesOf, weighs, type Outcome } from './outcomes.js'
import { placeInWords } from './place.js'
import type { Presenter } from './presenter.js'

const MOST_FINDINGS = 50

/** Markdown for a pull request or a job summary: a diff, or a table of verdicts, then the findings of each archive. */
export const markdown: Presenter = {
  name: 'markdown',
  *present(report) {
    if (report.schema === 'imgtar/diff/v1') {
      yield* diffMarkdown(report)
      return
    }
    const outcomes = outcomesOf(report)
    yield `## imgtar: ${report.ok ? 'passed' : 'failed'}\n\n`
    yield '| archive | verdict | images | found |\n| --- | --- | --- | --- |\n'
    for (const outcome of outcomes) yield `| ${row(outcome).join(' | ')} |\n`
    for (const outcome of outcomes) yield* details(outcome)
  },
  notices: () => [],
}

function row({ archive, ok, error, images, findings }: Outcome): readonly string[] {
  const verdict = error === undefined ? (ok ? 'passed' : '**failed**') : '**unreadable**'
  const names = images.map((image) => plain(imageName(image)))
  return [plain(archive), verdict, names.join(', '), countsInWords(findings) || 'nothing']
}

function* details({ archive, error, findings, checks = [] }: Outcome): Generator<string> {
  if (error === undefined && findings.length === 0 && checks.length === 0) return
  yield `\n### ${plain(archive)}\n\n`
  if (error !== undefined) {
    const place = placeInWords(error.where)
    yield `- **${error.code}** ${plain(error.message)}${place === '' ? '' : ` (${plain(place)})`}\n`
  }
  if (checks.length > 0) yield `- policy: ${rulesInWords(checks)}\n`
  const sorted = [...findings].sort((a, b) => Number(weighs(b)) - Number(weighs(a)))
  for (const finding of sorted.slice(0, MOST_FINDINGS)) yield* item(finding)
  if (sorted.length > MOST_FINDINGS) yield `- and ${sorted.length - MOST_FINDINGS} more\n`
}

function rulesInWords(checks: NonNullable<Outcome['checks']>): string {
  const held = checks.filter(({ skipped }) => skipped !== true)
  const skipped = checks.length - held.length
  const kept = `${held.filter(({ ok }) => ok).length} of ${held.length} rules kept`
  return skipped === 0 ? kept : `${kept}, ${skipped} not run`
}

function* item({ severity, allowed, code, message, where, expected, actual }: FindingReport): Generator<string> {
  const place = placeInWords(where)
  const mark = allowed === true ? ' (allowed)' : ''
  yield `- **${severity}** ${plain(code)}${mark}: ${plain(message)}\n`
  if (place !== '') yield `  - at ${plain(place)}\n`
  if (expected !== undefined) yield `  - expected ${plain(expected)}\n`
  if (actual !== undefined) yield `  - actual ${plain(actual)}\n`
}

/** Text that is shown as it is: no markup, no line ends, no mention of anybody. */
function plain(text: string): string {
  return withoutMarkup(visibleText(text))
}
