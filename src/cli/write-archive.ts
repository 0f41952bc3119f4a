import { refuseAborted } from '../errors.js'
import { flag, choice, maybe, required, value } from './arguments.js'
import type { ValuesOf } from './arguments.js'
import { UsageError } from './usage-error.js'
import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import type { OutgoingCompanion } from '../model/companion.js'
import type { Image, ImageArchive } from '../model/image.js'
import type { OutgoingImage } from '../model/outgoing.js'
import type { LayerTarget } from '../ops/kept-layers.js'
import type { WriterName, WrittenImage, WrittenReport } from '../model/report-written.js'
import type { ArchiveContent, ArchiveSink, WriteTarget } from '../formats/write/index.js'
import { envelope } from './envelope.js'
import { FORCE_OPTION, outputPlace } from './output-place.js'
import { refuseInside } from './refuse-inputs.js'

/** Reads `keep`, `none`, `gzip`, `zstd`, the latter two with a level. Errors: UsageError. */
function compression(text: string): { kind: 'keep' | 'none' | 'gzip' | 'zstd'; level?: number } {
  const [, kind, level] = /^(keep|none|gzip|zstd)(?::(\d+))?$/.exec(text) ?? []
  const known = (['keep', 'none', 'gzip', 'zstd'] as const).find((one) => one === kind)
  const most = kind === 'gzip' ? 9 : kind === 'zstd' ? 19 : 0
  if (known === undefined || (level !== undefined && (Number(level) < 1 || Number(level) > most))) {
    throw new UsageError(`--compress wants keep, none, gzip[:1-9] or zstd[:1-19], not '${text}'`)
  }
  return { kind: known, ...(level !== undefined && { level: Number(level) }) }
}

/** The options of every command that writes archives. */
export const WRITE_OPTIONS = {
  output: required(
    'where to write; TRANSPORT is docker-archive (default), oci-archive or oci; - is stdout',
    '[TRANSPORT:]PATH',
    outputPlace,
    'o',
  ),
  force: FORCE_OPTION,
  'dry-run': flag('say what would be written, and write nothing'),
  layout: maybe(
    choice(
      'of a docker archive: universal loads everywhere, hybrid is what docker 25 and later write, classic what it wrote before',
      ['universal', 'hybrid', 'classic'],
      'universal',
    ),
  ),
  compress: value('layers: keep (default), none, gzip[:1-9] or zstd[:1-19]', 'HOW', compression),
  reproducible: flag('gzip whose bytes do not depend on the zlib of this Node; slower'),
} as const

/** What is to be written, and how. */
export interface WriteRequest {
  readonly name: WriterName
  readonly images: readonly Image[]
  /** Where the images come from: their oddities are told. */
  readonly archives: readonly ImageArchive[]
  readonly options: ValuesOf<typeof WRITE_OPTIONS>
  /** Take the archive's word for layers that are copied as they are. */
  readonly trust?: boolean
}

/** Images made for an output, and what is to be told of them. */
export interface Made extends ArchiveContent {
  readonly findings: readonly Finding[]
}

/**
 * Writes images into a new archive: all or nothing. Errors: those of prepareImages and writeImages, ERR_OUTPUT where it
 * cannot be written, UsageError where it would go to a terminal.
 */
export async function writeArchive(request: WriteRequest, context: RunContext): Promise<WrittenReport> {
  const { name, images, archives, options } = request
  const [{ prepareImages }, { companionsFor }, { lossesOf }, { hasIndex }, { findingLog }] = await Promise.all([
    import('../ops/prepare.js'),
    import('../ops/companions.js'),
    import('../ops/losses.js'),
    import('../formats/write/index.js'),
    import('../model/finding-log.js'),
  ])
  await refuseInside(archives, options.output.path)
  const make = async (making: LayerTarget): Promise<Made> => {
    const log = findingLog(archives[0]?.location ?? name)
    const prepared = await prepareImages(
      images,
      { ...making, log, ...(request.trust !== undefined && { trust: request.trust }) },
      context,
    )
    const target = targetOf(options)
    const { format } = target
    const takes = hasIndex(target)
    const companions = await companionsFor(archives, prepared, takes, context)
    const losses = lossesOf(images, prepared, {
      archives,
      docker: format === 'docker-archive',
      index: takes,
      companions,
    })
    const findings = [...archives.flatMap((one) => one.findings), ...log.findings, ...losses]
    const { carried, indexAnnotations } = companions
    return { images: prepared, companions: carried, ...(indexAnnotations && { indexAnnotations }), findings }
  }
  return writeMade(name, options, make, context)
}

/** As `writeArchive`, for images that are made with the output at hand, so that what they are made of is staged in it. */
export async function writeMade(
  name: WriterName,
  options: ValuesOf<typeof WRITE_OPTIONS>,
  make: (making: LayerTarget) => Promise<Made>,
  context: RunContext,
): Promise<WrittenReport> {
  const { path } = options.output
  const target = targetOf(options)
  const { format } = target
  const [writers, { describeFinding }] = await Promise.all([
    import('../formats/write/index.js'),
    import('../ops/describe.js'),
  ])
  await using sink = await openOutput(options, target)
  const made = await make({ compress: compressOf(options), holds: writers.compressionsOf(target), staging: sink })
  const content = await writers.writeImages(sink, made, target, context)
  refuseAborted(context.signal)
  const size = await sink.commit()
  const layout = format === 'docker-archive' ? target.layout : null
  return writtenReport(
    name,
    { path, format, layout, size, written: !options['dry-run'] },
    content.images.map(await describer(target, content.companions ?? [])),
    made.findings.map(describeFinding),
  )
}

/** What is to be written. Errors: UsageError for a layout that the format has not. */
function targetOf({ output, layout }: Pick<ValuesOf<typeof WRITE_OPTIONS>, 'output' | 'layout'>): WriteTarget {
  const { format } = output
  if (layout !== undefined && format !== 'docker-archive') {
    throw new UsageError(`--layout is of a docker archive, and the output is of the format ${format}`)
  }
  return { format, layout: layout ?? 'universal' }
}

function compressOf({ compress, reproducible }: ValuesOf<typeof WRITE_OPTIONS>): LayerTarget['compress'] {
  const { kind, level } = compress ?? { kind: 'keep' }
  return kind === 'keep' ? kind : { kind, reproducible, ...(level !== undefined && { level }) }
}

/** The report of a command that wrote an archive. */
export function writtenReport(
  name: WriterName,
  output: WrittenReport['output'],
  images: WrittenReport['images'],
  findings: WrittenReport['findings'],
): WrittenReport {
  return { ...envelope(name, true), output, images, findings }
}

async function openOutput(options: ValuesOf<typeof WRITE_OPTIONS>, target: WriteTarget): Promise<ArchiveSink> {
  const { path } = options.output
  const { checkSink, nullSink, openSink } = await import('../formats/write/index.js')
  if (options['dry-run']) {
    await checkSink(target, { path, force: options.force })
    return nullSink(path)
  }
  if (path === '-') refuseTerminal()
  return openSink(target, { path, force: options.force, ...(path === '-' && { stdout: process.stdout }) })
}

/** Archives do not go to a terminal. Errors: UsageError. */
export function refuseTerminal(): void {
  if (process.stdout.isTTY) throw new UsageError('an archive is not written to a terminal: name a file, or a pipe')
}

async function describer(
  target: WriteTarget,
  companions: readonly OutgoingCompanion[],
): Promise<(image: OutgoingImage) => WrittenImage> {
  const [{ manifestOf }, { hasIndex }, { formatPlatform }] = await Promise.all([
    import('../formats/write/documents.js'),
    import('../formats/write/index.js'),
    import('../model/platform.js'),
  ])
  return (image) => {
    const digest = hasIndex(target) ? manifestOf(image).digest : null
    const index = companions.find(({ manifests }) => digest !== null && manifests.has(digest))
    return {
      names: [...image.names],
      imageID: image.config.digest,
      digest,
      ...(index !== undefined && { index: index.digest }),
      platform: formatPlatform(image.platform),
      layers: image.layers.map((layer) => {
        const { diffID, size, compression } = layer
        return { diffID, digest: layer.digest, size, compression }
      }),
    }
  }
}
