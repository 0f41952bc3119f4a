import type { Report } from '../../model/report.js'
import { block, element, styleSheet, voidElement, type Attributes, type Inline, type Markup } from './markup.js'
import { STYLE } from './style.js'

/** Whether something is as it should be, for its colour. */
export type Ink = 'good' | 'bad' | 'warn' | 'note' | 'faint'

// Nothing is run and nothing is fetched, whatever an archive got into the page.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** A whole document in one file, the same for the same report: nothing in it comes from elsewhere or says when it was made. */
export function* page(title: string, { tool }: Report, body: Iterable<Markup>): Generator<string> {
  yield '<!doctype html>\n<html lang="en">\n<head>\n'
  const head = [
    voidElement('meta', { charset: 'utf-8' }),
    voidElement('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    voidElement('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('title', {}, title),
    styleSheet(STYLE),
  ]
  for (const { html } of head) yield `${html}\n`
  yield '</head>\n<body>\n'
  for (const { html } of body) yield `${html}\n`
  yield `${element('footer', {}, `${tool.name} ${tool.version}`).html}\n</body>\n</html>\n`
}

/** A column: its heading, and whether it holds numbers, names of machines, or words that are not to be broken. */
export interface Column {
  readonly title: string
  readonly kind?: 'number' | 'mono' | 'whole'
}

/** What a row of a table says, cell by cell, and how it is marked. */
export interface Row {
  readonly cells: readonly Inline[]
  readonly mark?: string
}

/** A table, row by row. */
export function* table(columns: readonly Column[], rows: Iterable<Row>): Generator<Markup> {
  const titles = columns.map(({ title, kind }) => element('th', { class: kind === 'mono' ? undefined : kind }, title))
  yield* block('table', {}, prepended(element('tr', {}, ...titles), rowsOf(columns, rows)))
}

function* rowsOf(columns: readonly Column[], rows: Iterable<Row>): Generator<Markup> {
  for (const { cells, mark } of rows) {
    const shown = cells.map((cell, at) => element('td', { class: columns[at]?.kind }, cell))
    yield element('tr', { class: mark }, ...shown)
  }
}

/** A table of two columns: what, and how it is. */
export function pairs(rows: Iterable<readonly [label: string, value: Inline]>): Iterable<Markup> {
  return block('table', { class: 'pairs' }, pairRows(rows))
}

function* pairRows(rows: Iterable<readonly [label: string, value: Inline]>): Generator<Markup> {
  for (const [label, value] of rows) {
    yield element('tr', {}, element('th', { scope: 'row' }, label), element('td', {}, value))
  }
}

/** Text in the colour of what it means. */
export function inked(ink: Ink, ...inside: readonly Inline[]): Markup {
  return element('span', { class: ink }, ...inside)
}

/** What is behind a fold. */
export function fold(summary: Inline, inside: Iterable<Markup>, attributes: Attributes = {}): Iterable<Markup> {
  return block('details', attributes, prepended(element('summary', {}, summary), inside))
}

function* prepended(first: Markup, rest: Iterable<Markup>): Generator<Markup> {
  yield first
  yield* rest
}

// Browsers take seconds to lay out more.
const MOST_ROWS = 5000

/** The first rows of a list that may be long, and how many more there are; `all` of them where that is asked for. */
export function* cut<One>(
  ones: readonly One[],
  { all = false, hint }: { readonly all?: boolean; readonly hint: string },
  rowOf: (one: One) => Row,
): Generator<Row> {
  const most = all ? ones.length : Math.min(ones.length, MOST_ROWS)
  for (let at = 0; at < most; at++) {
    const one = ones[at]
    if (one !== undefined) yield rowOf(one)
  }
  if (most < ones.length) yield { cells: ['', inked('faint', `and ${ones.length - most} more; ${hint}`)] }
}

/** Words for a terminal with the arrows of a page. */
export function arrows(text: string): string {
  return text.replaceAll(' -> ', ' → ')
}
