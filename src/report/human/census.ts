import { count } from '../../errors.js'
import type { CensusReport } from '../../model/report-store.js'
import { visible, visibleName } from '../escape.js'
import { paintFor, type Ink } from '../paint.js'
import type { Style } from '../presenter.js'
import { dockerSize, sizeInWords } from '../size.js'
import { DOCKER_TABLE, table } from '../table.js'
import { findingLines } from './findings.js'
import { shortID } from './short-id.js'
import { damagedText } from './tar-split.js'

const INKS: Record<CensusReport['images'][number]['state'], Ink> = {
  exact: 'good',
  rebuilt: 'warn',
  damaged: 'bad',
  lost: 'bad',
}

/** The state of the whole root in a line, a table of images, of layers and of containers, then every bad file. */
export function* censusText(report: CensusReport, style: Style): Generator<string> {
  const { layers, images, containers } = report
  const paint = paintFor(style.color)
  yield summary(report)
  yield ''
  yield* table(
    [
      ['IMAGE ID', 'STATE', 'SIZE', 'OWN', 'NAMES'],
      ...images.map((one) => [
        shortID(one.imageID, style),
        paint(INKS[one.state], one.state),
        sizeOf(one.size),
        sizeOf(one.ownSize),
        visible(one.names.join(', ')),
      ]),
    ],
    DOCKER_TABLE,
  )
  yield ''
  yield* table(
    [
      ['LAYER', 'STATE', 'SIZE', 'USED BY', 'FOLDER'],
      ...layers.map((one) => [
        shortID(one.chainID, style),
        paint(INKS[one.state], one.state),
        sizeOf(one.size),
        `${count(one.images.length, 'image')}, ${count(one.containers.length, 'container')}`,
        one.cacheID === null ? '' : visible(one.cacheID.slice(0, 12)),
      ]),
    ],
    DOCKER_TABLE,
  )
  if (containers.length > 0) {
    yield ''
    yield* table(
      [
        ['CONTAINER', 'STATE', 'NAME'],
        ...containers.map((one) => [shortID(one.id, style), paint(INKS[one.state], one.state), visible(one.name)]),
      ],
      DOCKER_TABLE,
    )
  }
  yield* damageLines(report, style)
}

function summary({ root, drivers, layers, images }: CensusReport): string {
  const [whole, anew] = (['exact', 'rebuilt'] as const).map(
    (state) => images.filter((one) => one.state === state).length,
  )
  const bytes = layers.reduce((sum, { size, snapshotSize }) => sum + (size ?? 0) + (snapshotSize ?? 0), 0)
  const stores = [...new Set(drivers.map(({ driver, engine }) => `${driver} (${engine})`))].join(', ')
  return (
    `${visibleName(root)}: ${stores}, ${count(layers.length, 'layer')}, ${sizeInWords(bytes)}; ` +
    `${whole} of ${count(images.length, 'image')} can be recovered bit by bit` +
    (anew === 0 ? '' : `, ${anew} made anew of files`)
  )
}

function* damageLines({ layers, findings }: CensusReport, style: Style): Generator<string> {
  for (const { chainID, damaged, added } of layers) {
    if (damaged.length + added.length === 0) continue
    yield ''
    yield `layer ${shortID(chainID, style)}: ${count(damaged.length, 'damaged file')}, ${added.length} added`
    for (const file of damaged) yield `  ${damagedText(file)}`
    for (const path of added) yield `  ${visibleName(path)}: is none of the layer`
  }
  const others = findings.filter(({ code }) => !code.startsWith('STORE_FILE_'))
  if (others.length > 0) yield ''
  yield* findingLines(others, style)
}

function sizeOf(size: number | null): string {
  return size === null ? 'N/A' : dockerSize(size)
}
