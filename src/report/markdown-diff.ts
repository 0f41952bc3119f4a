import { count } from '../errors.js'
import type { DiffReport } from '../model/report.js'
import { visible, visibleName } from './escape.js'
import { answerInWords, summaryRows } from './human/diff-summary.js'
import {
  configInWords,
  countsOfKinds,
  fieldsInWords,
  packageInWords,
  pathInWords,
  whyInWords,
} from './human/diff-words.js'
import { withoutMarkup } from './markup.js'

const MOST_ROWS = 50

/** A diff as Markdown for a pull request: the answer, a table of the summary, and the lists behind folds. */
export function* diffMarkdown(report: DiffReport): Generator<string> {
  yield `### imgtar diff: ${plain(answerInWords(report))}\n`
  yield '\n'
  yield '| | |\n'
  yield '| --- | --- |\n'
  for (const [label, text] of summaryRows(report)) yield `| ${label} | ${plain(text)} |\n`
  yield* packages(report)
  yield* files(report)
  yield* config(report)
  yield* history(report)
  yield* layers(report)
  yield* content(report)
}

/** A list of which only what is shown is put into words: it may be long. */
function* fold<Row>(
  title: string,
  rows: readonly Row[],
  { shown }: DiffReport,
  lineOf: (row: Row) => string,
): Generator<string> {
  if (rows.length === 0) return
  yield '\n'
  yield `<details><summary>${title}</summary>\n`
  yield '\n'
  const most = shown.all ? rows.length : Math.min(rows.length, MOST_ROWS)
  for (const row of most < rows.length ? rows.slice(0, most) : rows) yield `${lineOf(row)}\n`
  if (rows.length > most) yield `- … and ${rows.length - most} more\n`
  yield '\n'
  yield '</details>\n'
}

function packages(report: DiffReport): Iterable<string> {
  const title = count(report.packages.length, 'package')
  return fold(title, report.packages, report, (one) => {
    return `- ${one.change}: ${plain(packageInWords(one))} (${count(one.files, 'file')})`
  })
}

function files(report: DiffReport): Iterable<string> {
  const rows = report.shown.fold ? report.files.filter((file) => file.package === undefined) : report.files
  const title = `${count(rows.length, 'path')}: ${countsOfKinds(kindsOf(rows))}`
  return fold(title, rows, report, (file) => {
    const fields = fieldsInWords(file)
    return `- ${file.change} ${code(pathInWords(file))}${fields === '' ? '' : `: ${plain(fields)}`}`
  })
}

function kindsOf(files: DiffReport['files']): Record<string, number> {
  const kinds = { added: 0, removed: 0, modified: 0, renamed: 0 }
  for (const { change } of files) kinds[change] += 1
  return kinds
}

function config(report: DiffReport): Iterable<string> {
  return fold(count(report.config.length, 'config field'), report.config, report, ({ field, a, b }) => {
    return `- ${code(field)}: ${code(configInWords(a))} → ${code(configInWords(b))}`
  })
}

function history(report: DiffReport): Iterable<string> {
  const title = count(report.history.length, 'history step')
  return fold(title, report.history, report, ({ change, a, b, createdBy, fields }) => {
    const names = Object.keys(fields).join(', ')
    return `- ${change} ${b ?? a ?? ''}: ${code(visible(createdBy))}${names === '' ? '' : `: ${plain(names)}`}`
  })
}

/** A fenced block that no run of backticks in the file can end (CommonMark 4.5). */
function* content({ content: told }: DiffReport): Generator<string> {
  if (told === undefined) return
  yield '\n'
  const same = told.lines.length === 0 && told.note === null
  yield `${code(visibleName(told.path))}${told.note === null ? '' : `: ${plain(told.note)}`}${same ? ': the same content' : ''}\n`
  if (told.lines.length === 0) return
  const longest = Math.max(2, ...told.lines.flatMap((line) => Array.from(line.matchAll(/`+/g), ([run]) => run.length)))
  const fence = '`'.repeat(longest + 1)
  yield `\n${fence}diff\n`
  for (const line of told.lines) yield `${line.split('\t').map(visible).join('\t')}\n`
  yield `${fence}\n`
}

function layers(report: DiffReport): Iterable<string> {
  const changed = report.layers.filter(({ change }) => change !== 'same')
  return fold(count(changed.length, 'changed layer'), changed, report, (pair) => {
    return `- ${pair.a?.index ?? '–'} → ${pair.b?.index ?? '–'}: ${plain(whyInWords(pair))}`
  })
}

function plain(text: string): string {
  return withoutMarkup(text.replaceAll(' -> ', ' → '))
}

/** A code span that no backtick in the text can end (CommonMark 6.1). */
function code(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = longest > 0 ? ' ' : ''
  return `${fence}${pad}${text.replaceAll('|', '\\|')}${pad}${fence}`
}
