import type { Report } from '../model/report.js'
import type { PresenterName } from '../report/index.js'
import type { Style } from '../report/presenter.js'
import type { Output } from './output.js'
import { writeAll } from './output.js'
import type { Request } from './parse.js'
import type { ReportTarget } from './report-targets.js'
import { coloured, nowFrom } from './surroundings.js'
import type { Tell } from './tell.js'
import { writeText } from './write-text.js'

/** Where text goes. */
export interface Streams {
  readonly stdout: Output
  readonly stderr: Output
}

/** Prints a report as often as it was asked for, each time in its own way. Errors: ERR_OUTPUT. */
export async function present(report: Report, request: Request, { stdout, stderr }: Streams): Promise<void> {
  const { globals, full, reports } = request
  const { presenterFor } = await import('../report/index.js')
  const style = (stream: NodeJS.WriteStream | undefined): Style => ({
    color: stream !== undefined && coloured(globals.color, stream.isTTY, process.env),
    full,
    now: nowFrom(process.env),
  })
  // Where the archive itself went to standard output, nothing may mix with it.
  const [output, stream] = wentToStdout(report) ? [stderr, process.stderr] : [stdout, process.stdout]
  for (const { kind, file } of reports) {
    const presenter = presenterFor(presenterName(kind))
    if (file !== undefined) {
      await writeText(file, presenter.present(report, style(undefined)), { force: true })
      continue
    }
    if (!globals.quiet)
      await writeAll(output, isTold(request) ? await lastLine(report) : presenter.present(report, style(stream)))
    await writeAll(stderr, presenter.notices(report, style(process.stderr)))
  }
}

/** What hears of parts: where NDJSON goes to standard output they are written at once, else nobody does. */
export function tellFor(request: Request, { stdout }: Streams, beforeWriting: () => void): Tell {
  if (!isTold(request)) return () => Promise.resolve()
  return async (part) => {
    const { archiveLine } = await import('../report/ndjson.js')
    beforeWriting()
    await stdout.write(archiveLine(part))
  }
}

function isTold({ globals, reports }: Request): boolean {
  return !globals.quiet && reports.some(({ kind, file }) => kind === 'ndjson' && file === undefined)
}

async function lastLine(report: Report): Promise<Iterable<string>> {
  const { endLine } = await import('../report/ndjson.js')
  return endLine(report)
}

function presenterName(kind: ReportTarget['kind']): PresenterName {
  return kind === 'text' ? 'human' : kind
}

function wentToStdout(report: Report): boolean {
  return 'output' in report && report.output.path === '-'
}
