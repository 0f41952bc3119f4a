import { count } from '../../errors.js'
import type { LoadReport } from '../../model/report-store.js'
import { visible, visibleName } from '../escape.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { findingLines } from './findings.js'
import { shortID } from './short-id.js'

/** A line for each image that is in the data-root now: how many of its layers are new. */
export function* loadText(report: LoadReport, style: Style): Generator<string> {
  yield `loaded into ${visibleName(report.root)}: ${count(report.images.length, 'image')}`
  for (const { names, imageID, layers } of report.images) {
    const made = layers.flatMap(({ size }) => size ?? [])
    const bytes = made.reduce((sum, size) => sum + size, 0)
    const name = names.length === 0 ? '<none>' : visible(names.join(', '))
    const what = `${count(layers.length, 'layer')}, ${made.length} of them new, ${sizeInWords(bytes)}`
    yield `  ${name}  ${shortID(imageID, style)}  ${what}`
  }
  yield* findingLines(report.findings, style)
}
