import { count } from '../../errors.js'
import type { Retimed, StrippedName, WrittenImage, WrittenReport } from '../../model/report-written.js'
import { readable, visible, visibleBytes, visibleName, visibleText } from '../escape.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { table, TIGHT_TABLE } from '../table.js'
import { shortID } from './short-id.js'

/** What was written where, then a row for each image with the ID that docker will show. */
export function* writtenText(report: WrittenReport, style: Style): Generator<string> {
  const { path, format, layout, size, written } = report.output
  const kind = layout === null || layout === 'as-it-was' ? format : `${format} (${layout})`
  const verb = written ? 'wrote' : 'would write'
  const place = path === '-' ? 'standard output' : visibleName(path)
  yield `${verb} ${place}: ${kind}, ${sizeInWords(size)}, ${count(report.images.length, 'image')}`
  yield* table(
    report.images.map((image) => row(image, style)),
    TIGHT_TABLE,
  ).map((line) => `  ${line}`)
  if (report.stripped !== undefined) yield* strippedLines(report.stripped)
  if (report.retimed !== undefined) yield* retimedLines(report.retimed)
  const notes = new Map(report.findings.filter(({ severity }) => severity === 'note').map((one) => [one.message, one]))
  for (const { code, message } of notes.values()) yield `  note ${code}: ${visibleText(message)}`
}

const MOST_STRIPPED = 20

function* strippedLines(stripped: readonly StrippedName[]): Generator<string> {
  for (const { layer, path, pathBytes, names, bytes } of stripped.slice(0, MOST_STRIPPED)) {
    const name = pathBytes === undefined ? visibleName(readable(path)) : visibleBytes(pathBytes)
    yield `  layer ${layer}: ${name}, ${count(names, 'name')}, ${sizeInWords(bytes)}`
  }
  const more = stripped.length - MOST_STRIPPED
  if (more > 0) yield `  … and ${more} more; --json lists them all`
}

const MOST_RETIMED = 20

function* retimedLines({ to, which, layers, config, builder }: Retimed): Generator<string> {
  const times = which === 'later' ? `times after ${to}` : `other times than ${to}`
  if (layers.length === 0 && !config) yield `  no ${times}${builder ? '' : ': the image is as it was'}`
  for (const { layer, entries } of layers.slice(0, MOST_RETIMED)) {
    yield `  layer ${layer}: ${count(entries, 'name')} with ${times}`
  }
  const more = layers.length - MOST_RETIMED
  if (more > 0) yield `  … and ${count(more, 'layer')} more; --json lists them all`
  if (config) yield `  config or history with ${times}`
  if (builder) yield '  config without what its builder said of itself'
}

function row({ names, imageID, platform, layers }: WrittenImage, style: Style): string[] {
  const missing = layers.filter(({ leftOut }) => leftOut === true).length
  return [
    names.length === 0 ? '<none>' : names.map(visible).join(', '),
    shortID(imageID, style),
    visible(platform),
    `${count(layers.length, 'layer')}${missing === 0 ? '' : `, ${String(missing)} left out`}`,
  ]
}
