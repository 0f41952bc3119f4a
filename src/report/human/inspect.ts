import { count } from '../../errors.js'
import type { InspectReport, LayerReport } from '../../model/report.js'
import { visible, visibleName } from '../escape.js'
import { paintFor } from '../paint.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { findingLines } from './findings.js'

type Inspected = InspectReport['images'][number]
type Field = readonly [label: string, value: string | undefined]

/** The archive in a line, then a block for each image with its config and layers, base first, then the findings. */
export function* inspectText(report: InspectReport, style: Style): Generator<string> {
  yield `${visibleName(report.archive)}: ${visible(report.format)}, ${count(report.images.length, 'image')}`
  for (const image of report.images) {
    yield ''
    yield* imageLines(image, style)
  }
  if (report.findings.length > 0) {
    yield ''
    yield* findingLines(report.findings, style)
  }
}

function* imageLines(image: Inspected, style: Style): Generator<string> {
  const [name = '<none>', ...others] = image.names
  yield paintFor(style.color)('strong', visible(name))
  yield* fields('  ', [
    ...others.map((other): Field => ['also named', other]),
    ['image ID', image.imageID],
    ['manifest', image.digest],
    ['platform', image.platform],
    ['created', image.created],
    ...configFields(image.config),
    ...image.attachments.map((digest): Field => ['attached', digest]),
    ...image.checked.map((check): Field => ['checked', check]),
  ])
  yield `  ${count(image.layers.length, 'layer')}, base first`
  for (const [index, layer] of image.layers.entries()) yield* layerLines(layer, index)
}

function* layerLines(layer: LayerReport, index: number): Generator<string> {
  yield `  ${index}  ${visibleName(layer.path)}${layer.missing === true ? ' (missing)' : ''}`
  yield* fields('     ', [
    ['diffID', layer.diffID],
    ['chainID', layer.chainID],
    ['digest', layer.digest],
    ['size', sizes(layer)],
    ['media type', layer.mediaType],
    ['history', layer.history],
    ...(layer.checked ?? []).map((check): Field => ['checked', check]),
  ])
}

function sizes({ size, diffSize, compression }: LayerReport): string | undefined {
  const shown = size ?? diffSize
  if (shown === undefined) return undefined
  const packed = compression === undefined || compression === 'none' ? '' : `, ${compression}`
  const whole = diffSize === undefined || diffSize === shown ? '' : ` of ${diffSize} (${sizeInWords(diffSize)})`
  return `${shown} bytes (${sizeInWords(shown)})${packed}${whole}`
}

/** What the container would run, key by key as the config has it; keys that say nothing are left out. */
function configFields(config: unknown): Field[] {
  const run = isRecord(config) && isRecord(config.config) ? config.config : {}
  return Object.entries(run).flatMap(([key, value]): Field[] =>
    saysSomething(value) ? [[visible(key), shown(value)]] : [],
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function saysSomething(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false) return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function* fields(indent: string, all: readonly Field[]): Generator<string> {
  const present = all.filter(([, value]) => value !== undefined)
  const width = present.reduce((most, [label]) => Math.max(most, label.length), 0) + 2
  for (const [label, value] of present) yield `${indent}${label.padEnd(width)}${visible(value ?? '')}`
}
