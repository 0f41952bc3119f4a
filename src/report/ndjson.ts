import type { Report, VerifyReport } from '../model/report.js'
import type { VerifyArchiveLine, VerifySummaryLine } from '../model/report-lines.js'
import { jsonPieces, jsonText } from './json.js'
import type { Presenter } from './presenter.js'

/** One JSON document a line: each archive, then a summary; a report about one thing is one line. */
export const ndjson: Presenter = {
  name: 'ndjson',
  *present(report) {
    if (report.schema === 'imgtar/verify/v1') for (const archive of report.archives) yield archiveLine(archive)
    yield* endLine(report)
  },
  notices: () => [],
}

/** The line of one archive, which can be written as soon as its verdict stands. */
export function archiveLine(archive: VerifyReport['archives'][number]): string {
  const line: VerifyArchiveLine = { schema: 'imgtar/verify-archive/v1', ...archive }
  return `${jsonText(line)}\n`
}

/** The last line, in pieces: what is left to say when every archive was told. */
export function* endLine(report: Report): Generator<string> {
  if (report.schema !== 'imgtar/verify/v1') yield* jsonPieces(report)
  else {
    const { tool, ok, failOn, copy, summary } = report
    const line: VerifySummaryLine = {
      schema: 'imgtar/verify-summary/v1',
      tool,
      ok,
      failOn,
      ...(copy && { copy }),
      summary,
    }
    yield jsonText(line)
  }
  yield '\n'
}
