import { count } from '../../errors.js'
import type { PackageRow, PackagesReport } from '../../model/report-packages.js'
import { readable, visibleName, visibleText } from '../escape.js'
import { table, TIGHT_TABLE } from '../table.js'

const HEADER = ['MANAGER', 'NAME', 'VERSION', 'ARCH', 'LAYER', 'PATH']

/** Which Linux it is and how many packages it has, a row for each, and what could not be read. */
export function* packagesText(report: PackagesReport): Generator<string> {
  const { archive, packages, distro } = report
  const which = distro === null ? '' : `${visibleText(distro.name ?? distro.id)}, `
  yield `${visibleName(archive)}: ${which}${amounts(packages)}`
  if (packages.length > 0) yield ''
  if (packages.length > 0)
    for (const line of table(columns([HEADER, ...packages.map(row)]), TIGHT_TABLE)) yield line.trimEnd()
  yield* unreadLines(report)
}

/** The databases that could not be read, a line each. */
export function* unreadLines({ unread }: PackagesReport): Generator<string> {
  for (const path of unread)
    yield `not read: ${visibleName(readable(path))}, a database in the format of rpm before 4.16`
}

function amounts(packages: readonly PackageRow[]): string {
  const managers = [...new Set(packages.map(({ manager }) => manager))]
  const of = managers.map((one) => `${packages.filter(({ manager }) => manager === one).length} of ${one}`)
  return `${count(packages.length, 'package')}${managers.length > 1 ? `: ${of.join(', ')}` : ''}`
}

function row({ manager, name, version, architecture = '', layer, path = '' }: PackageRow): string[] {
  const place = path === '' ? '' : visibleName(readable(path))
  return [manager, visibleText(name), visibleText(version), visibleText(architecture), `${layer}`, place]
}

/** Without the columns in which no row has anything. */
function columns(rows: readonly (readonly string[])[]): string[][] {
  const used = HEADER.map((_, at) => rows.slice(1).some((cells) => cells[at] !== ''))
  return rows.map((cells) => cells.filter((_, at) => used[at]))
}
