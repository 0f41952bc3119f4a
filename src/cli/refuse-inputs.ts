import { realpath, stat } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { ArchiveError } from '../errors.js'
import type { ReportTarget } from './report-targets.js'
import { UsageError } from './usage-error.js'

/** What was opened, as far as it matters here. */
interface Opened {
  readonly format: string
  readonly location: string
}

/**
 * Refuses an output inside a directory whose files it is made of: it would have a part of itself, and of the one before,
 * in it. Errors: ERR_OUTPUT.
 */
export async function refuseInside(archives: readonly Opened[], output: string): Promise<void> {
  if (output === '-') return
  // Who opens the output says what is wrong with its place.
  const place = await realpath(dirname(output)).catch(() => undefined)
  for (const { format, location } of archives) {
    const directory = format === 'rootfs' ? await realpath(location).catch(() => undefined) : undefined
    if (place === undefined || directory === undefined || !`${place}${sep}`.startsWith(withEnd(directory))) continue
    throw new ArchiveError('ERR_OUTPUT', `the output would be one of the files of ${location}`, {
      location: output,
      hint: 'name a place outside of that directory',
    })
  }
}

function withEnd(directory: string): string {
  return directory.endsWith(sep) ? directory : `${directory}${sep}`
}

/** Refuses an output that would replace what it cannot be read without. Errors: ERR_OUTPUT. */
export async function refuseReplacing(bases: readonly string[], output: string): Promise<void> {
  for (const base of bases) {
    if (!(await isSame(base, output))) continue
    throw new ArchiveError('ERR_OUTPUT', 'the output would replace the base, without which it is not whole', {
      location: output,
      hint: 'name another output',
    })
  }
}

/** Refuses reports that would replace an archive of the same command line. Errors: UsageError. */
export async function refuseReportOver(operands: readonly string[], reports: readonly ReportTarget[]): Promise<void> {
  if (reports.every(({ file }) => file === undefined)) return
  const { parseOperand } = await import('../formats/operand.js')
  for (const operand of operands) {
    // What is no operand is told by the command.
    const path = await parseOperand(operand).then(
      (parsed) => parsed.path,
      () => operand,
    )
    await refuseReportAt(path, reports)
  }
}

/** Refuses reports that would replace a file that the command reads or writes. Errors: UsageError. */
export async function refuseReportAt(path: string, reports: readonly ReportTarget[]): Promise<void> {
  for (const { file } of reports) {
    if (file === undefined || !(await isSame(path, file))) continue
    throw new UsageError(`--report would replace '${path}', which the command is about`)
  }
}

/** Whether two names are one file; one that is not there yet is the same as itself. */
async function isSame(a: string, b: string): Promise<boolean> {
  if (a === '-' || b === '-') return false
  const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)))
  if (one === undefined || other === undefined) return resolve(a) === resolve(b)
  return one.isFile() && one.ino === other.ino && one.dev === other.dev
}
