import { count } from '../../errors.js'
import type { BlameReport, BuriedReport, EfficiencyReport } from '../../model/report-waste.js'
import { visible, visibleName } from '../escape.js'
import { paintFor } from '../paint.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { ellipsis, table, TIGHT_TABLE, type TableLayout } from '../table.js'
import { pathInWords } from './diff-words.js'
import { modeText } from './ls.js'
import { amountInWords, fatesInWords, percent } from './waste-words.js'

const MOST_PATHS = 20
const MOST_STEP = 60

/** The sums, a row for each layer, the paths that waste most, and the rules that were asked for. */
export function* efficiencyText(report: EfficiencyReport, style: Style): Generator<string> {
  const { archive, storedBytes, wastedBytes, efficiency, userWastedPercent, paths, rules } = report
  yield `${visibleName(archive)}: ${percent(efficiency)} efficient`
  yield `  stored  ${sizeInWords(storedBytes)}`
  yield `  wasted  ${sizeInWords(wastedBytes)}, ${percent(userWastedPercent)} of what the layers above the base store`
  yield ''
  yield* table(layerRows(report, style), { ...TIGHT_TABLE, right: new Set([0, 1, 2]) })
  if (paths.length > 0) yield ''
  const most = style.full ? paths.length : MOST_PATHS
  if (paths.length > 0) yield* table(pathRows(paths.slice(0, most)), { ...TIGHT_TABLE, right: new Set([0]) })
  if (paths.length > most) yield `… and ${paths.length - most} more paths; --json lists them all`
  const paint = paintFor(style.color)
  for (const { rule, value, limit, ok } of rules) {
    yield `${paint(ok ? 'good' : 'bad', ok ? 'pass' : 'fail')} ${rule}: ${amountInWords(rule, value)}, limit ${amountInWords(rule, limit)}`
  }
}

function layerRows({ layers }: EfficiencyReport, style: Style): string[][] {
  const rows = layers.map(({ layer, storedBytes, wastedBytes, createdBy = '' }) => [
    `${layer}`,
    sizeInWords(storedBytes),
    sizeInWords(wastedBytes),
    step(createdBy, style),
  ])
  return [['LAYER', 'STORED', 'WASTED', 'CREATED BY'], ...rows]
}

function pathRows(paths: EfficiencyReport['paths']): string[][] {
  const rows = paths.map(({ wastedBytes, copies, ...name }) => [
    sizeInWords(wastedBytes),
    fatesInWords(copies),
    pathInWords(name),
  ])
  return [['WASTED', 'WHY', 'PATH'], ...rows]
}

const BURIED: TableLayout = { ...TIGHT_TABLE, right: new Set([0, 1]) }

/** A row for each content that no container shows, then their sum. */
export function* buriedText({ files, bytes, archive }: BuriedReport): Generator<string> {
  if (files.length > 0) {
    const rows = files.map(({ layer, size, fate, hiddenBy, ...name }) => [
      `${layer}`,
      sizeInWords(size),
      hiddenBy === null ? fate : `${fate} by ${hiddenBy}`,
      pathInWords(name),
    ])
    yield* table([['LAYER', 'SIZE', 'WHY', 'PATH'], ...rows], BURIED)
  }
  yield `${visibleName(archive)}: ${count(files.length, 'file')} buried, ${sizeInWords(bytes)}`
}

/** A row for each version, base first. */
export function blameText({ versions }: BlameReport, style: Style): string[] {
  const rows = versions.map(({ layer, change, entry, createdBy }) => [
    `${layer}`,
    change,
    entry === undefined ? '-' : modeText(entry),
    entry === undefined ? '-' : `${entry.uid}:${entry.gid}`,
    entry === undefined ? '-' : `${entry.size}`,
    entry?.sha256?.slice(0, 12) ?? (entry?.linkPath === undefined ? '-' : `-> ${visibleName(entry.linkPath)}`),
    step(createdBy ?? '', style),
  ])
  const header = ['LAYER', 'CHANGE', 'MODE', 'OWNER', 'SIZE', 'SHA256', 'CREATED BY']
  return table([header, ...rows], { ...TIGHT_TABLE, right: new Set([0, 4]) })
}

function step(createdBy: string, { full }: Style): string {
  const line = visible(createdBy.replace(/\s+/g, ' '))
  return full ? line : ellipsis(line, MOST_STEP)
}
