import { count } from '../../errors.js'
import type { VerifyReport } from '../../model/report.js'
import { readable, visible, visibleName, visibleText } from '../escape.js'
import { paintFor } from '../paint.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'
import { engineLines } from './engines.js'
import { countsInWords, findingLines, inkOf } from './findings.js'

type Verified = VerifyReport['archives'][number]

/** A verdict for each archive, with its findings below, and a count of the verdicts where there are several. */
export function* verifyText(report: VerifyReport, style: Style): Generator<string> {
  for (const archive of report.archives) {
    yield `${visibleName(archive.archive)}: ${verdict(archive, style)}`
    if (archive.error?.hint !== undefined) yield `  hint: ${visible(archive.error.hint)}`
    yield* findingLines(archive.findings, style)
    yield* engineLines(archive.engines ?? [], style)
  }
  if (report.copy !== undefined) yield `kept ${visibleName(report.copy.path)}: ${sizeInWords(report.copy.size)}`
  if (report.archives.length > 1) yield summary(report.archives, style)
  if (report.archives.some((archive) => archive.findings.length > 0)) {
    yield paintFor(style.color)('faint', 'imgtar help CODE explains a code; --json has every detail.')
  }
}

function verdict(archive: Verified, style: Style): string {
  const paint = paintFor(style.color)
  if (archive.error !== undefined) {
    const { code, message, where } = archive.error
    const at = [
      where.path === undefined ? '' : `, ${visibleName(readable(where.path))}`,
      where.offset === undefined ? '' : `, byte ${where.offset}`,
    ]
    return `${paint('bad', 'could not be read')}: ${visibleText(message)} (${code}${at.join('')})`
  }
  const counts = countsInWords(archive.findings)
  if (!archive.ok) return paint(inkOf(archive.findings), counts)
  // What was found and let pass is not called whole.
  const isWhole = archive.findings.every(({ severity, allowed }) => severity === 'note' && allowed !== true)
  return `${paint('good', isWhole ? 'whole' : 'accepted')}: ${contents(archive)}${counts === '' ? '' : `, ${counts}`}`
}

function contents(archive: Verified): string {
  const artifacts = archive.findings.filter(({ code }) => code === 'ARTIFACT').length
  if (archive.images.length === 0 && artifacts > 0) return `no image, ${count(artifacts, 'artifact')} checked`
  // Images share layers: each member counts once.
  const layers = new Map<string, Verified['images'][number]['layers'][number]>()
  for (const image of archive.images) for (const layer of image.layers) layers.set(layer.path, layer)
  const bytes = [...layers.values()].reduce((sum, layer) => sum + (layer.diffSize ?? layer.size ?? 0), 0)
  return `${count(archive.images.length, 'image')}, ${count(layers.size, 'layer')}, ${sizeInWords(bytes)} checked`
}

function summary(archives: readonly Verified[], style: Style): string {
  const unreadable = archives.filter((archive) => archive.error !== undefined).length
  const whole = archives.filter((archive) => archive.ok).length
  const faulty = archives.length - unreadable - whole
  const parts = [
    `${whole} whole`,
    ...(faulty > 0 ? [`${faulty} with faults`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable`] : []),
  ]
  return paintFor(style.color)('strong', `${count(archives.length, 'archive')}: ${parts.join(', ')}`)
}
