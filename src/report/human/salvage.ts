import { count } from '../../errors.js'
import type { SalvagedImageReport, SalvageReport } from '../../model/report-salvage.js'
import { visible, visibleName } from '../escape.js'
import { paintFor, type Ink } from '../paint.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { findingLines } from './findings.js'
import { shortID } from './short-id.js'

const INKS: Record<SalvagedImageReport['layers'][number]['state'], Ink> = {
  intact: 'good',
  healed: 'good',
  damaged: 'bad',
  missing: 'bad',
}

/** What was written, what each image still has and what it lacks, and the parts that were kept. */
export function* salvageText(report: SalvageReport, style: Style): Generator<string> {
  const { written, images, parts, directory, findings } = report
  const paint = paintFor(style.color)
  for (const image of images) yield* imageLines(image, style)
  if (written !== null)
    yield `wrote ${visibleName(written.path)}, ${sizeInWords(written.size)}: docker load -i takes it`
  for (const { kind, path, size, state, member } of parts) {
    const mark = state === 'unproved' ? ', nothing claims a digest for it' : ''
    yield `kept ${kind} ${visibleName(path)}, ${sizeInWords(size)}, from ${visibleName(member)}${mark}`
  }
  if (images.length === 0) yield paint('bad', `no image could be found in ${visibleName(report.archive)}`)
  yield* findingLines(findings, style)
  const whole = images.filter(({ state }) => state === 'whole').length
  yield (
    paint('strong', `${count(images.length, 'image')}: ${whole} whole, ${images.length - whole} incomplete`) +
    ` in ${visibleName(directory)}`
  )
}

function* imageLines(image: SalvagedImageReport, style: Style): Generator<string> {
  const { names, imageID, state, config, layers, partial } = image
  const paint = paintFor(style.color)
  const name = names.length === 0 ? '<none>' : visible(names.join(', '))
  const id = imageID === null ? '' : ` ${shortID(imageID, style)}`
  const intact = layers.filter((layer) => layer.state === 'intact').length
  const healed = layers.filter((layer) => layer.state === 'healed').length
  const counts = `${intact} of ${count(layers.length, 'layer')} intact${healed > 0 ? `, ${healed} healed` : ''}`
  yield `${paint(state === 'whole' ? 'good' : 'bad', state)}: ${name}${id}, ${counts}`
  if (config.state === 'missing') yield `  its config is lost: give an archive that has it with --from`
  if (config.state === 'healed') yield `  config healed from ${visibleName(config.origin ?? '')}`
  for (const [index, layer] of layers.entries()) {
    if (layer.state === 'intact') continue
    const place = layer.origin === null ? '' : ` ${layer.state === 'healed' ? 'from ' : ''}${visibleName(layer.origin)}`
    const wanted = layer.diffID === null ? '' : `, ${layer.diffID}`
    yield `  layer ${index} ${paint(INKS[layer.state], layer.state)}${place}${layer.state === 'healed' ? '' : wanted}`
  }
  if (partial !== undefined) {
    const left = partial.leftOut.length === 0 ? '' : `, ${count(partial.leftOut.length, 'file')} left out`
    const entries = partial.entries === 1 ? '1 entry' : `${partial.entries} entries`
    yield `  partial export, not the whole image: ${visibleName(partial.path)}, ${entries}${left}`
  }
}
