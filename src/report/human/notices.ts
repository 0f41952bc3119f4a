import type { ErrorReport, FindingReport, Report } from '../../model/report.js'
import { readable, visible, visibleName, visibleText } from '../escape.js'
import { paintFor } from '../paint.js'
import { placeInWords } from '../place.js'
import type { Style } from '../presenter.js'

const MOST_NOTICES = 10

/**
 * What a listing must say without mixing it into its table: archives that could not be read, and findings that fail the
 * run. Others have them in their text.
 */
export function* noticeLines(report: Report, style: Style): Generator<string> {
  if (report.schema === 'imgtar/verify/v1' || report.schema === 'imgtar/inspect/v1') return
  if (report.schema === 'imgtar/diff/v1') return
  if (report.schema === 'imgtar/census/v1' || report.schema === 'imgtar/recover/v1') return
  if (report.schema === 'imgtar/salvage/v1') return
  const failing = report.findings.filter((finding) => finding.severity !== 'note')
  for (const finding of failing.slice(0, MOST_NOTICES)) yield notice(finding, style)
  if (failing.length > MOST_NOTICES)
    yield `imgtar: … and ${failing.length - MOST_NOTICES} more; imgtar verify tells all`
  if (report.schema === 'imgtar/images/v1') for (const error of report.errors) yield* errorLines(error, style)
}

function notice(finding: FindingReport, style: Style): string {
  const place = placeInWords(finding.where, visibleName)
  const ink = finding.severity === 'error' ? 'bad' : 'warn'
  const code = paintFor(style.color)(ink, `${finding.severity} ${finding.code}`)
  const at = place === '' ? '' : ` (${place})`
  return `imgtar: ${visibleName(finding.where.archive)}: ${code}: ${visibleText(finding.message)}${at}`
}

/** An error as people read it: place, message, code, and the way out on a line of its own. */
function* errorLines(error: ErrorReport, style: Style): Generator<string> {
  const { archive, path, offset } = error.where
  const place = [archive, path].filter((part) => part !== undefined && part !== '').join(' › ')
  const at = offset === undefined ? '' : `, byte ${offset}`
  const code = paintFor(style.color)('bad', error.code)
  yield `imgtar: ${place === '' ? '' : `${visibleName(readable(place))}: `}${visibleText(error.message)} (${code}${at})`
  if (error.hint !== undefined) yield `  hint: ${visible(error.hint)}`
}
