import { count } from '../../errors.js'
import type { DiffReport, RootfsDigestReport } from '../../model/report.js'
import { visible, visibleName } from '../escape.js'
import { paintFor, type Paint } from '../paint.js'
import type { Style } from '../presenter.js'
import { table, TIGHT_TABLE } from '../table.js'
import { diffMarkdown } from '../markdown-diff.js'
import { groupedFiles, treeOfFiles } from './diff-files.js'
import { configInWords, growthInWords, packageInWords, whyInWords } from './diff-words.js'
import { answerInWords, summaryRows } from './diff-summary.js'
import { findingLines } from './findings.js'

const MOST_LINES = 60

/** The answer first, then a summary, then what differs, list by list; long lists are cut unless all was asked for. */
export function* diffText(report: DiffReport, style: Style): Generator<string> {
  if (report.shown.as === 'markdown') {
    for (const text of diffMarkdown(report)) yield text.trimEnd()
    return
  }
  const paint = paintFor(style.color)
  yield paint(report.whole ? (report.equal ? 'good' : 'strong') : 'bad', answerInWords(report))
  yield* table(
    summaryRows(report).map(([label, text]) => [`  ${label}`, text]),
    TIGHT_TABLE,
  )
  yield* packages(report, paint)
  yield* files(report, paint)
  yield* section('Config', report, paint, configLines(report))
  yield* section('History', report, paint, historyLines(report))
  yield* layers(report, paint)
  yield* content(report, paint)
  if (report.findings.length > 0) {
    yield ''
    yield* findingLines(report.findings, style)
  }
}

function* section(title: string, report: DiffReport, paint: Paint, lines: readonly string[]): Generator<string> {
  if (lines.length === 0) return
  yield ''
  yield paint('strong', title)
  const most = report.shown.all ? lines.length : MOST_LINES
  yield* lines.slice(0, most)
  if (lines.length > most) yield `  … and ${lines.length - most} more; --all shows them`
}

function packages(report: DiffReport, paint: Paint): Iterable<string> {
  const signs = { added: '+', removed: '-', upgraded: '~', downgraded: '~', changed: '~' }
  const rows = report.packages.map((one) => [
    `  ${signs[one.change]} ${one.manager}`,
    `${packageInWords(one)}${one.change === 'downgraded' ? ' (downgraded)' : ''}`,
    count(one.files, 'file'),
  ])
  return section('Packages', report, paint, table(rows, TIGHT_TABLE))
}

function* files(report: DiffReport, paint: Paint): Generator<string> {
  const shown =
    report.shown.fold && report.summary.folded > 0
      ? report.files.filter((file) => file.package === undefined)
      : report.files
  const folded = report.files.length - shown.length
  if (report.files.length === 0) return
  yield ''
  yield paint('strong', folded === 0 ? 'Files' : 'Files that belong to no changed package')
  const most = report.shown.all ? shown.length : MOST_LINES
  const cut = most < shown.length ? shown.slice(0, most) : shown
  yield* report.shown.as === 'tree' ? treeOfFiles(cut, paint) : groupedFiles(cut, paint)
  if (shown.length > most) yield `  … and ${count(shown.length - most, 'more path')}; --all shows them`
  if (shown.length === 0) yield '  none'
  if (folded > 0) yield `  ${paint('faint', `${count(folded, 'path')} of packages left out; --no-fold shows them`)}`
}

function configLines({ config }: DiffReport): string[] {
  return config.flatMap(({ field, a, b }) => [
    `  ${visible(field)}`,
    ...(a === null ? [] : [`    - ${configInWords(a)}`]),
    ...(b === null ? [] : [`    + ${configInWords(b)}`]),
  ])
}

function historyLines({ history }: DiffReport): string[] {
  const signs = { added: '+', removed: '-', modified: '~' }
  return history.flatMap(({ change, a, b, createdBy, fields }) => [
    `  ${signs[change]} ${b ?? a ?? ''}  ${visible(createdBy)}`,
    ...Object.entries(fields).flatMap(([name, pair]) => [
      `       ${name}: ${configInWords(pair.a)} -> ${configInWords(pair.b)}`,
    ]),
  ])
}

function layers(report: DiffReport, paint: Paint): Iterable<string> {
  if (!report.shown.layers) return []
  const rows = report.layers.map((pair) => {
    const { a, b } = pair
    const size = growthInWords((a ?? b)?.diffSize ?? 0, (b ?? a)?.diffSize ?? 0)
    const step = (b ?? a)?.createdBy ?? ''
    return [`  ${a?.index ?? '-'}`, `${b?.index ?? '-'}`, whyInWords(pair), size, visible(step).slice(0, 60)]
  })
  return section('Layers (a, b, why, uncompressed size, made by)', report, paint, table(rows, TIGHT_TABLE))
}

function* content({ content: told, a, b }: DiffReport, paint: Paint): Generator<string> {
  if (told === undefined) return
  yield ''
  if (told.note !== null) yield `${visibleName(told.path)}: ${told.note}`
  if (told.lines.length === 0) {
    if (told.note === null) yield `${visibleName(told.path)}: the same content`
    return
  }
  yield `--- ${visibleName(a.archive)}${visibleName(told.path)}`
  yield `+++ ${visibleName(b.archive)}${visibleName(told.path)}`
  for (const line of told.lines) {
    const ink = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : line.startsWith('@') ? 'note' : undefined
    // Tabs stay: the text is the user's own, and shows as it is in any diff.
    const text = line.split('\t').map(visible).join('\t')
    yield ink === undefined ? text : paint(ink, text)
  }
}

/** The lines that are hashed, where they were asked for, else the digest alone. */
export function rootfsDigestText({ digest, list }: RootfsDigestReport): string[] {
  return list ?? [digest ?? 'unknown: a layer could not be read']
}
