import { count } from '../../errors.js'
import type { DiffReport } from '../../model/report.js'
import { visible, visibleName } from '../escape.js'
import { answerInWords, summaryRows } from '../human/diff-summary.js'
import { configInWords, growthInWords, packageInWords, whyInWords } from '../human/diff-words.js'
import { sizeInWords } from '../size.js'
import { ALL_HINT, filesSection } from './diff-files.js'
import { findingFolds } from './findings.js'
import { block, element, type Inline, type Markup } from './markup.js'
import { arrows, cut, fold, inked, page, pairs, table, type Column, type Ink, type Row } from './page.js'

/** A diff on a page: the answer, both sides, the summary, and every list behind a fold. */
export function diffPage(report: DiffReport): Iterable<string> {
  return page(`imgtar diff: ${answerInWords(report)}`, report, body(report))
}

function* body(report: DiffReport): Generator<Markup> {
  const ink = report.whole ? (report.equal ? 'good' : 'warn') : 'bad'
  yield element('h1', {}, 'imgtar diff: ', inked(ink, answerInWords(report)))
  yield* sides(report)
  yield* pairs(summaryRows(report).map(([label, text]) => [label, arrows(text)]))
  yield* packages(report)
  yield* filesSection(report)
  yield* config(report)
  yield* history(report)
  yield* layers(report)
  yield* content(report)
  yield* findingFolds(report.findings)
}

type Side = DiffReport['a']

const SIDE_ROWS: readonly (readonly [label: string, (side: Side) => Inline])[] = [
  ['archive', ({ archive }) => visibleName(archive)],
  ['format', ({ format }) => visible(format)],
  ['names', ({ names }) => names.map(visible).join(', ') || 'none'],
  ['image ID', ({ imageID }) => element('code', {}, visible(imageID ?? 'none'))],
  ['platform', ({ platform }) => visible(platform)],
  ['layers', ({ layers }) => `${layers}`],
  ['paths', ({ entries }) => `${entries}`],
  ['files', ({ contentSize }) => sizeInWords(contentSize)],
]

function sides({ a, b }: DiffReport): Iterable<Markup> {
  const rows = SIDE_ROWS.map(([label, of]): Row => ({ cells: [inked('faint', label), of(a), of(b)] }))
  return table([{ title: '', kind: 'whole' }, { title: 'A' }, { title: 'B' }], rows)
}

const CHANGE: Column = { title: '', kind: 'whole' }
const INKS: Readonly<Record<string, Ink>> = { added: 'good', removed: 'bad', recompressed: 'note', same: 'faint' }

function changed(change: string): Markup {
  return inked(INKS[change] ?? 'warn', change)
}

/** A list behind a fold, which is open; nothing where the list is empty. */
function* list<One>(
  title: string,
  columns: readonly Column[],
  ones: readonly One[],
  rowOf: (one: One) => Row,
  { shown }: DiffReport,
): Generator<Markup> {
  if (ones.length > 0)
    yield* fold(title, table(columns, cut(ones, { all: shown.all, hint: ALL_HINT }, rowOf)), { open: '' })
}

function packages(report: DiffReport): Iterable<Markup> {
  const title = count(report.packages.length, 'package')
  const columns: readonly Column[] = [
    CHANGE,
    { title: 'kind' },
    { title: 'package' },
    { title: 'files', kind: 'number' },
  ]
  return list(
    title,
    columns,
    report.packages,
    (one) => {
      return { cells: [changed(one.change), one.manager, arrows(packageInWords(one)), `${one.files}`] }
    },
    report,
  )
}

function config(report: DiffReport): Iterable<Markup> {
  const columns: readonly Column[] = [
    { title: 'field', kind: 'mono' },
    { title: 'A', kind: 'mono' },
    { title: 'B', kind: 'mono' },
  ]
  return list(
    count(report.config.length, 'config field'),
    columns,
    report.config,
    ({ field, a, b }) => {
      return { cells: [visible(field), configInWords(a), configInWords(b)] }
    },
    report,
  )
}

function history(report: DiffReport): Iterable<Markup> {
  const columns: readonly Column[] = [
    CHANGE,
    { title: 'step', kind: 'number' },
    { title: 'made by', kind: 'mono' },
    { title: 'differs' },
  ]
  return list(
    count(report.history.length, 'history step'),
    columns,
    report.history,
    ({ change, a, b, createdBy, fields }) => {
      const words = Object.entries(fields).map(([name, pair]) => {
        return element('div', {}, `${visible(name)}: ${configInWords(pair.a)} → ${configInWords(pair.b)}`)
      })
      return { cells: [changed(change), `${b ?? a ?? ''}`, visible(createdBy), element('div', {}, ...words)] }
    },
    report,
  )
}

function layers(report: DiffReport): Iterable<Markup> {
  const differ = report.layers.filter(({ change }) => change !== 'same').length
  const columns: readonly Column[] = [
    { title: 'A', kind: 'number' },
    { title: 'B', kind: 'number' },
    CHANGE,
    { title: 'why' },
    { title: 'size' },
    { title: 'made by', kind: 'mono' },
  ]
  const title = `${count(report.layers.length, 'layer')}, ${differ} not the same`
  return list(
    title,
    columns,
    report.layers,
    (pair) => {
      const { a, b, change } = pair
      const size = growthInWords((a ?? b)?.diffSize ?? 0, (b ?? a)?.diffSize ?? 0)
      const why = pair.why === undefined ? '' : whyInWords(pair)
      const step = visible((b ?? a)?.createdBy ?? '')
      return { cells: [`${a?.index ?? '–'}`, `${b?.index ?? '–'}`, changed(change), why, arrows(size), step] }
    },
    report,
  )
}

const LINE_INKS: Readonly<Record<string, Ink>> = { '+': 'good', '-': 'bad', '@': 'note' }

function* content({ content: told }: DiffReport): Generator<Markup> {
  if (told === undefined) return
  const same = told.lines.length === 0 && told.note === null ? ': the same content' : ''
  const note = told.note === null ? '' : `: ${visible(told.note)}`
  yield element('h2', {}, element('code', {}, visibleName(told.path)), note, same)
  if (told.lines.length > 0) yield* block('pre', {}, told.lines.map(diffLine))
}

// Tabs stay: the text is the user's own, and shows as it is in any diff.
function diffLine(line: string): Markup {
  const ink = LINE_INKS[line.slice(0, 1)]
  const text = line.split('\t').map(visible).join('\t')
  return ink === undefined ? element('span', {}, text) : inked(ink, text)
}
