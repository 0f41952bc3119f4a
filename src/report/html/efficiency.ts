import { count } from '../../errors.js'
import type { EfficiencyReport } from '../../model/report-waste.js'
import { visible, visibleName } from '../escape.js'
import { pathInWords } from '../human/diff-words.js'
import { amountInWords, fatesInWords, percent } from '../human/waste-words.js'
import { sizeInWords } from '../size.js'
import { findingFolds } from './findings.js'
import { element, type Markup } from './markup.js'
import { cut, fold, inked, page, pairs, table, type Column, type Row } from './page.js'

/** What layers store and hide on a page: the sums, a bar for each layer, and the paths that waste most. */
export function efficiencyPage(report: EfficiencyReport): Iterable<string> {
  const answer = `${visibleName(report.archive)}: ${percent(report.efficiency)} efficient`
  return page(`imgtar efficiency: ${answer}`, report, body(report, answer))
}

function* body(report: EfficiencyReport, answer: string): Generator<Markup> {
  const { imageID, storedBytes, wastedBytes, userWastedPercent, layers, paths, rules, findings } = report
  yield element('h1', {}, 'imgtar efficiency: ', inked(report.ok ? 'good' : 'bad', answer))
  yield* pairs([
    ...(imageID === null ? [] : ([['image ID', element('code', {}, visible(imageID))]] as const)),
    ['stored', sizeInWords(storedBytes)],
    ['wasted', `${sizeInWords(wastedBytes)}, ${percent(userWastedPercent)} of what the layers above the base store`],
    ...rules.map(({ rule, value, limit, ok }) => {
      const words = `${amountInWords(rule, value)}, limit ${amountInWords(rule, limit)}`
      return [rule, inked(ok ? 'good' : 'bad', words)] as const
    }),
  ])
  const most = Math.max(1, ...layers.map((layer) => layer.storedBytes))
  yield* table(
    LAYERS,
    layers.map((layer) => layerRow(layer, most)),
  )
  if (paths.length > 0) {
    const rows = cut(paths, { hint: '--json lists them all' }, ({ wastedBytes: bytes, copies, ...name }) => {
      return { cells: [sizeInWords(bytes), pathInWords(name), fatesInWords(copies)] }
    })
    yield* fold(`${count(paths.length, 'path')}, most wasteful first`, table(PATHS, rows), { open: '' })
  }
  yield* findingFolds(findings)
}

const LAYERS: readonly Column[] = [
  { title: 'layer', kind: 'number' },
  { title: 'stored', kind: 'number' },
  { title: 'wasted', kind: 'number' },
  { title: '' },
  { title: 'made by', kind: 'mono' },
]
const PATHS: readonly Column[] = [
  { title: 'wasted', kind: 'number' },
  { title: 'path', kind: 'mono' },
  { title: 'why' },
]

function layerRow(
  { layer, storedBytes, wastedBytes, createdBy = '' }: EfficiencyReport['layers'][number],
  most: number,
): Row {
  const part = (bytes: number, name: string) => {
    return element('span', { class: name, style: `width:${((100 * bytes) / most).toFixed(2)}%` })
  }
  const bar = element('div', { class: 'bar' }, part(storedBytes - wastedBytes, 'kept'), part(wastedBytes, 'waste'))
  return { cells: [`${layer}`, sizeInWords(storedBytes), sizeInWords(wastedBytes), bar, visible(createdBy)] }
}
