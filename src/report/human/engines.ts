import type { EngineReport } from '../../model/report-engines.js'
import { visible, visibleName } from '../escape.js'
import { paintFor, type Ink } from '../paint.js'
import type { Style } from '../presenter.js'
import { table, TIGHT_TABLE } from '../table.js'
import { shortID } from './short-id.js'

const INKS: Readonly<Record<EngineReport['verdict'], Ink>> = {
  accepted: 'good',
  unusable: 'warn',
  refused: 'bad',
  hangs: 'bad',
  crashes: 'bad',
}

/** A line an engine: what it would do, then why not or what it would show; below it what it would pass over. */
export function* engineLines(engines: readonly EngineReport[], style: Style): Generator<string> {
  const paint = paintFor(style.color)
  const heads = table(
    engines.map(({ engine, verdict }) => [`  ${engine}`, verdict, '']),
    TIGHT_TABLE,
  )
  for (const [index, engine] of engines.entries()) {
    const head = heads[index] ?? ''
    const [name, rest] = [head.slice(0, head.indexOf(engine.verdict)), head.slice(head.indexOf(engine.verdict))]
    const shown = engine.reason === undefined ? imagesInWords(engine, style) : visible(engine.reason)
    yield `${name}${paint(INKS[engine.verdict], engine.verdict)}${rest.slice(engine.verdict.length)}${shown}`.trimEnd()
    const below = ' '.repeat(head.length)
    if (engine.reason !== undefined && engine.images.length > 0) {
      const left = engine.verdict === 'unusable' ? 'lists' : 'leaves behind'
      yield `${below}${paint('faint', `${left} ${imagesInWords(engine, style)}`)}`
    }
    for (const ignored of engine.ignores) yield `${below}${paint('faint', `ignores ${visible(ignored)}`)}`
  }
}

function imagesInWords({ images }: EngineReport, style: Style): string {
  if (images.length === 0) return 'no image'
  return images
    .map(({ imageID, names }) =>
      [imageID === null ? '' : shortID(imageID, style), ...names.map(visibleName)]
        .filter((part) => part !== '')
        .join(' '),
    )
    .join(', ')
}
