import type { OpenSource } from '../bytes/source.js'
import { ArchiveError } from '../errors.js'
import type { Image, Layer } from '../model/image.js'
import type { WrittenImage, WrittenReport } from '../model/report-written.js'
import type { Output } from '../bytes/output.js'
import { flag, required } from './arguments.js'
import { UsageError } from './usage-error.js'
import { outputPlace, refuseTerminal, type OutputPlace } from './write-archive.js'

/** Opens a docker archive as the bytes of its tar. Errors: ERR_UNSUPPORTED for a compressed one, ERR_NOT_FOUND. */
export async function openPlainTar(path: string): Promise<OpenSource> {
  if (path === '-') throw new UsageError('the archive is read twice: name a file')
  const [{ detectCompression, SNIFF_BYTES }, { fileSource }] = await Promise.all([
    import('../bytes/compression.js'),
    import('../bytes/source.js'),
  ])
  const source = await fileSource(path)
  const compression = detectCompression(await source.read({ offset: 0, length: Math.min(SNIFF_BYTES, source.size) }))
  if (compression === 'none') return source
  await source[Symbol.asyncDispose]()
  throw new ArchiveError('ERR_UNSUPPORTED', `the archive is compressed with ${compression}`, {
    location: path,
    hint: 'decompress it first: its bytes are to come back one by one',
  })
}

/** The options of commands that write an archive as it is, but for some members. */
export const PLAIN_OUTPUT_OPTIONS = {
  output: required('where to write; - is stdout', 'PATH', dockerArchive, 'o'),
  force: flag('replace an output that exists', 'f'),
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
  const { fileOutput, nullOutput, streamOutput } = await import('../bytes/output.js')
  const { path } = options.output
  if (options['dry-run']) return nullOutput(path)
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
