import { count } from '../../errors.js'
import type { RecoverReport } from '../../model/report-store.js'
import { visible, visibleName } from '../escape.js'
import { paintFor, type Ink } from '../paint.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { findingLines } from './findings.js'
import { shortID } from './short-id.js'
import { damagedText } from './tar-split.js'

type Recovered = RecoverReport['recovered'][number]

const INKS: Record<Recovered['state'], Ink> = { exact: 'good', lossy: 'warn', lost: 'bad' }

/** A line for each image and container: exact, lossy or lost, and where it is; below it the files that are to blame. */
export function* recoverText(report: RecoverReport, style: Style): Generator<string> {
  const paint = paintFor(style.color)
  for (const one of report.recovered) {
    const { names, kind, state, path, size, damaged, newImageID, reason } = one
    const name = `${kind} ${names.length === 0 ? '<none>' : visible(names.join(', '))} ${shortID(one.id, style)}`
    const place = path === null ? '' : ` ${visibleName(path)}, ${sizeInWords(size)}`
    yield `${paint(INKS[state], state)}: ${name}${place}`
    if (newImageID !== undefined) yield `  another image than before: ${shortID(newImageID, style)}`
    if (state === 'lost' && reason !== undefined) yield `  ${visible(reason)}`
    for (const file of damaged) yield `  layer ${file.layer}, ${damagedText(file)}`
  }
  yield* findingLines(report.findings, style)
  const ofKind = (kind: Recovered['kind']) => report.recovered.filter((one) => one.kind === kind).length
  const states = (['exact', 'lossy', 'lost'] as const).map((state) => {
    return `${report.recovered.filter((one) => one.state === state).length} ${state}`
  })
  yield paint(
    'strong',
    `${count(ofKind('image'), 'image')}, ${count(ofKind('container'), 'container')}: ${states.join(', ')}`,
  )
}
