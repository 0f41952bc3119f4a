import { count } from '../../errors.js'
import type { PackageRow, PackagesReport } from '../../model/report-packages.js'
import { readable, visible, visibleName } from '../escape.js'
import type { Style } from '../presenter.js'
import { table, TIGHT_TABLE } from '../table.js'

const HEADER = ['MANAGER', 'NAME', 'VERSION', 'ARCH', 'LAYER', 'PATH']

/** Which Linux it is and how many packages it has, a row for each, and what could not be read. */
export function* packagesText(report: PackagesReport, _style: Style): Generator<string> {
  const { archive, packages, distro, unread } = report
  const which = distro === null ? '' : `${visible(distro.name ?? distro.id)}, `
  yield `${visibleName(archive)}: ${which}${amounts(packages)}`
  if (packages.length > 0) yield ''
  if (packages.length > 0) yield* table(columns([HEADER, ...packages.map(row)]), TIGHT_TABLE)
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
  return [manager, visible(name), visible(version), visible(architecture), `${layer}`, place]
}

/** Without the columns in which no row has anything. */
function columns(rows: readonly (readonly string[])[]): string[][] {
  const used = HEADER.map((_, at) => rows.slice(1).some((cells) => cells[at] !== ''))
  return rows.map((cells) => cells.filter((_, at) => used[at]))
}
