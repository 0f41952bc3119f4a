import { count } from '../../errors.js'
import { ruleOf, type Severity } from '../../findings.js'
import type { FindingReport } from '../../model/report.js'
import { visible, visibleName, visibleText } from '../escape.js'
import { placeInWords } from '../place.js'
import { block, element, type Inline, type Markup } from './markup.js'
import { fold, inked, type Ink } from './page.js'

// What stands there more often is one fault again and again.
const MOST_OF_A_CODE = 200
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']
const INKS: Readonly<Record<Severity, Ink>> = { error: 'bad', warning: 'warn', note: 'note' }

/** Findings, worst first, those of one code behind a fold with what the code means; notes are folded up. */
export function* findingFolds(findings: readonly FindingReport[]): Generator<Markup> {
  for (const severity of SEVERITIES) {
    const these = findings.filter((one) => one.severity === severity)
    for (const code of new Set(these.map((one) => one.code))) {
      const group = these.filter((one) => one.code === code)
      yield* fold(titleOf(code, group, severity), groupOf(code, group), severity === 'note' ? {} : { open: '' })
    }
  }
}

function titleOf(code: string, group: readonly FindingReport[], severity: Severity): Markup {
  const allowed = group.every((one) => one.allowed === true)
  const title = ruleOf(code)?.title
  const words = [severity, allowed ? ' (allowed)' : '', ' ', visible(code)]
  const amount = group.length === 1 ? '' : `, ${group.length} times`
  return element(
    'span',
    {},
    inked(allowed ? 'faint' : INKS[severity], ...words),
    title === undefined ? '' : ` ${title}`,
    amount,
  )
}

function* groupOf(code: string, group: readonly FindingReport[]): Generator<Markup> {
  const help = ruleOf(code)?.help
  if (help !== undefined) yield element('p', { class: 'help' }, help)
  yield* block('ul', {}, items(group))
}

function* items(group: readonly FindingReport[]): Generator<Markup> {
  for (const finding of group.slice(0, MOST_OF_A_CODE)) yield element('li', {}, ...linesOf(finding))
  const more = group.length - MOST_OF_A_CODE
  if (more > 0) yield element('li', { class: 'faint' }, `and ${count(more, 'more finding')}; --json lists them all`)
}

function linesOf({ message, where, expected, actual }: FindingReport): readonly Inline[] {
  const place = placeInWords(where, visibleName)
  return [
    visibleText(message),
    ...(place === '' ? [] : [line('at', place)]),
    ...(expected === undefined ? [] : [line('expected', visibleText(expected))]),
    ...(actual === undefined ? [] : [line('actual', visibleText(actual))]),
  ]
}

function line(label: string, text: string): Markup {
  return element('div', {}, inked('faint', label), ' ', element('code', {}, text))
}
