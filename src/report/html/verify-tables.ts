import type { EngineReport } from '../../model/report-engines.js'
import { visible, visibleName } from '../escape.js'
import type { Outcome } from '../outcomes.js'
import { element, type Inline, type Markup } from './markup.js'
import { inked, table, type Column, type Ink, type Row } from './page.js'

const ENGINE_INKS: Readonly<Record<EngineReport['verdict'], Ink>> = {
  accepted: 'good',
  unusable: 'warn',
  refused: 'bad',
  hangs: 'bad',
  crashes: 'bad',
}

const ENGINE_COLUMNS: readonly Column[] = [
  { title: 'engine', kind: 'whole' },
  { title: 'answer', kind: 'whole' },
  { title: 'what it would show, or why not' },
]

/** What engines would do with an archive. */
export function enginesTable(engines: readonly EngineReport[]): Iterable<Markup> {
  return table(ENGINE_COLUMNS, engines.map(engineRow))
}

function engineRow(report: EngineReport): Row {
  const { engine, verdict, reason, images, ignores } = report
  const words: readonly Inline[] = [
    ...(reason === undefined ? [] : [element('div', {}, visible(reason))]),
    ...images.map((image) => element('div', {}, ...imageWords(image, report))),
    ...ignores.map((ignored) => element('div', { class: 'faint' }, `ignores ${visible(ignored)}`)),
  ]
  const shown = words.length === 0 ? 'no image' : element('div', {}, ...words)
  return { cells: [visible(engine), inked(ENGINE_INKS[verdict], verdict), shown] }
}

function imageWords({ imageID, names, fault }: EngineReport['images'][number], of: EngineReport): readonly Inline[] {
  const left = of.reason === undefined ? '' : of.verdict === 'unusable' ? 'lists ' : 'leaves behind '
  const id = imageID === null ? '' : element('code', {}, visible(imageID))
  const wrong = fault === undefined || fault === of.reason ? '' : inked('warn', `: ${visible(fault)}`)
  return [inked('faint', left), id, ' ', names.map(visibleName).join(', '), wrong]
}

type Rule = NonNullable<Outcome['checks']>[number]

const RULE_COLUMNS: readonly Column[] = [
  { title: 'rule', kind: 'mono' },
  { title: '', kind: 'whole' },
  { title: 'found' },
  { title: 'where', kind: 'mono' },
]

/** The rules of policies, and whether each is kept. */
export function rulesTable(rules: readonly Rule[]): Iterable<Markup> {
  return table(RULE_COLUMNS, rules.map(ruleRow))
}

function ruleRow({ rule, image, ok, skipped, message, policy }: Rule): Row {
  const answer = skipped === true ? inked('faint', 'not run') : ok ? inked('good', 'kept') : inked('bad', 'broken')
  const about = image === undefined ? '' : ` (${visible(image)})`
  const line = policy.line === undefined ? '' : `:${policy.line}`
  return { cells: [`${visible(rule)}${about}`, answer, visible(message), `${visibleName(policy.file)}${line}`] }
}
