import { count } from '../../errors.js'
import type { ImageReport, LayerReport, Report } from '../../model/report.js'
import { visible, visibleName, visibleText } from '../escape.js'
import { countsInWords } from '../human/findings.js'
import { imageName, outcomesOf, type Outcome } from '../outcomes.js'
import { placeInWords } from '../place.js'
import { sizeInWords } from '../size.js'
import { enginesTable, rulesTable } from './verify-tables.js'
import { findingFolds } from './findings.js'
import { block, element, type Inline, type Markup } from './markup.js'
import { fold, inked, page, table, type Column, type Row } from './page.js'

/** The verdicts on a page: a row for each archive, then what was found in each, what engines would do, and its layers. */
export function verdictsPage(report: Report): Iterable<string> {
  const outcomes = outcomesOf(report)
  const failed = outcomes.filter(({ ok }) => !ok).length
  const [, command = ''] = report.schema.split('/')
  const answer = failed === 0 ? 'passed' : outcomes.length === 1 ? 'failed' : `${failed} of ${outcomes.length} failed`
  const [only] = outcomes
  const about = outcomes.length === 1 && only !== undefined ? `${visibleName(only.archive)}: ` : ''
  return page(`imgtar ${command}: ${about}${answer}`, report, body(`imgtar ${command}: `, answer, outcomes))
}

function* body(about: string, answer: string, outcomes: readonly Outcome[]): Generator<Markup> {
  yield element('h1', {}, about, inked(outcomes.every(({ ok }) => ok) ? 'good' : 'bad', answer))
  yield* table(ARCHIVE_COLUMNS, outcomes.map(archiveRow))
  for (const [index, outcome] of outcomes.entries()) yield* block('section', { id: anchor(index) }, details(outcome))
}

const ARCHIVE_COLUMNS: readonly Column[] = [
  { title: 'archive' },
  { title: 'verdict', kind: 'whole' },
  { title: 'images' },
  { title: 'found' },
]

const anchor = (index: number): string => `archive-${index}`

function archiveRow(outcome: Outcome, index: number): Row {
  const { archive, images, findings } = outcome
  const names = images.map((image) => visible(imageName(image))).join(', ')
  const link = element('a', { href: `#${anchor(index)}` }, visibleName(archive))
  return { cells: [link, verdictOf(outcome), names, countsInWords(findings) || 'nothing'] }
}

function verdictOf({ ok, error }: Outcome): Markup {
  if (error !== undefined) return inked('bad', 'unreadable')
  return ok ? inked('good', 'passed') : inked('bad', 'failed')
}

function* details(outcome: Outcome): Generator<Markup> {
  const { archive, format, error, findings, checks = [], engines = [], images } = outcome
  yield element('h2', {}, visibleName(archive), ' ', verdictOf(outcome))
  if (format !== undefined)
    yield element('p', { class: 'faint' }, `${visible(format)}, ${count(images.length, 'image')}`)
  if (error !== undefined) yield element('p', {}, ...errorWords(error))
  yield* findingFolds(findings)
  if (checks.length > 0) yield* rulesTable(checks)
  if (engines.length > 0) yield* enginesTable(engines)
  for (const image of images) yield* fold(imageTitle(image), imageTable(image))
}

function errorWords({ code, message, where, hint }: NonNullable<Outcome['error']>): readonly Inline[] {
  const place = placeInWords(where, visibleName)
  const at = place === '' ? '' : `, ${place}`
  const how = hint === undefined ? [] : [element('div', { class: 'help' }, `hint: ${visible(hint)}`)]
  return [inked('bad', code), ` ${visibleText(message)}${at}`, ...how]
}

function imageTitle(image: ImageReport): string {
  const others = image.names.slice(1).map((name) => `, ${visible(name)}`)
  return `${visible(imageName(image))}${others.join('')}: ${visible(image.platform)}, ${count(image.layers.length, 'layer')}`
}

const LAYER_COLUMNS: readonly Column[] = [
  { title: 'layer', kind: 'number' },
  { title: 'size', kind: 'number' },
  { title: 'diffID', kind: 'mono' },
  { title: 'made by', kind: 'mono' },
]

function* imageTable({ imageID, layers }: ImageReport): Generator<Markup> {
  if (imageID !== undefined) yield element('p', {}, 'image ID ', element('code', {}, visible(imageID)))
  yield* table(LAYER_COLUMNS, layers.map(layerRow))
}

function layerRow(layer: LayerReport, index: number): Row {
  const { diffID, diffSize, size, missing, history = '', path } = layer
  const bytes = diffSize ?? size
  const shown = missing === true ? inked('bad', 'missing') : bytes === undefined ? '' : sizeInWords(bytes)
  return { cells: [`${index}`, shown, visible(diffID ?? path), visible(history)] }
}
