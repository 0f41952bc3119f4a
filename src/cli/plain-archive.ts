import { stat } from 'node:fs/promises'
import type { OpenSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, HINTS } from '../errors.js'
import type { Image, Layer } from '../model/image.js'
import type { WrittenImage, WrittenReport } from '../model/report-written.js'
import type { Output } from '../bytes/output.js'
import { givenFor } from './archives.js'
import { flag, required } from './arguments.js'
import { UsageError } from './usage-error.js'
import { FORCE_OPTION, outputPlace, type OutputPlace } from './output-place.js'
import { refuseTerminal } from './write-archive.js'

/**
 * Opens an archive as the bytes of its tar: a compressed one, and what comes down a pipe, is written to a temporary file
 * that goes with the source. Errors: ERR_NOT_FOUND, ERR_UNSUPPORTED for a directory and for what is compressed twice,
 * ERR_COMPRESSION, ERR_USAGE for a terminal, ERR_IO.
 */
export async function openTarOf(path: string, context: RunContext): Promise<OpenSource> {
  const [{ openPlainTar }, { sniffCompression }] = await Promise.all([
    import('../formats/plain-tar.js'),
    import('../bytes/compression.js'),
  ])
  if (path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory() === true) {
    throw new ArchiveError('ERR_UNSUPPORTED', 'only a docker archive can be thin, and this is a directory', {
      location: path,
      hint: `imgtar save ${path} -o app.tar makes one`,
    })
  }
  const { source, findings } = await openPlainTar(path, context, await givenFor(path, context))
  try {
    const fault = findings.find(({ code }) => code !== 'ARCHIVE_COMPRESSION_TRAILING')
    if (fault !== undefined)
      throw new ArchiveError('ERR_COMPRESSION', fault.message, { location: path, hint: HINTS.cut })
    if ((await sniffCompression(source, context.signal)) === 'none') return source
    throw new ArchiveError('ERR_UNSUPPORTED', 'it is compressed twice', { location: path, hint: 'decompress it once' })
  } catch (error) {
    await source[Symbol.asyncDispose]()
    throw error
  }
}

/** The options of commands that write an archive as it is, but for some members. */
export const PLAIN_OUTPUT_OPTIONS = {
  output: required('where to write; - is stdout', 'PATH', dockerArchive, 'o'),
  force: FORCE_OPTION,
  'dry-run': flag('say what would be written, and write nothing'),
} as const

function dockerArchive(text: string): OutputPlace {
  const place = outputPlace(text)
  if (place.format !== 'docker-archive') throw new UsageError('the output is a docker archive, as the input is')
  return place
}

/** Opens the output of such a command. Errors: ERR_OUTPUT, UsageError for a terminal. */
export async function openPlainOutput(options: {
  readonly output: OutputPlace
  readonly force: boolean
  readonly 'dry-run': boolean
}): Promise<Output> {
  const { checkFile, fileOutput, nullOutput, streamOutput } = await import('../bytes/output.js')
  const { path } = options.output
  if (options['dry-run']) {
    if (path !== '-') await checkFile(path, { force: options.force })
    return nullOutput(path)
  }
  if (path !== '-') return fileOutput(path, { force: options.force })
  refuseTerminal()
  return streamOutput(process.stdout)
}

/** The output as such a command reports it. */
export function plainOutput(path: string, size: number, isDry: boolean): WrittenReport['output'] {
  return { path, format: 'docker-archive', layout: 'as-it-was', size, written: !isDry }
}

/** Images as their archive claims them, for the report; `isLeftOut` says which layers the output lacks. */
export async function claimedImages(
  images: readonly Image[],
  isLeftOut: (layer: Layer) => boolean,
): Promise<WrittenImage[]> {
  const { formatPlatform } = await import('../model/platform.js')
  const claimed = (layer: Layer): WrittenImage['layers'][number] => {
    const { diffID = '', digest = diffID, size = 0 } = layer.claims
    return { diffID, digest, size: layer.blob?.size ?? size, ...(isLeftOut(layer) && { leftOut: true }) }
  }
  return images.map(({ names, configSource, manifest, platform, layers }) => ({
    names: [...names],
    imageID: configSource.kind === 'stored' ? configSource.document.digest : '',
    digest: manifest?.digest ?? null,
    platform: formatPlatform(platform),
    layers: layers.map(claimed),
  }))
}
