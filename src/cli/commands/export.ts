import { refuseAborted } from '../../errors.js'
import type { RunContext } from '../../context.js'
import type { ImageArchive, Layer } from '../../model/image.js'
import type { FilesReport } from '../../model/report-files.js'
import { flag, required } from '../arguments.js'
import { openOperand } from '../archives.js'
import { AS_OF_OPTION, chosenLayers } from '../as-of.js'
import { defineCommand } from '../command.js'
import { USERNS_OPTION, withUserNamespace } from '../data-root.js'
import { FORCE_OPTION, directoryPlace, plainPath, refuseOf } from '../output-place.js'
import { refuseInside } from '../refuse-inputs.js'
import { UsageError } from '../usage-error.js'
import { refuseTerminal } from '../write-archive.js'
import { ENGINE_OPTION, filesReport, verified, VERIFY_OPTION } from '../write-files.js'

// What a header takes: close enough for a progress line.
const HEADER = 512

interface Target {
  readonly kind: 'tar' | 'directory'
  readonly path: string
}

interface Exporting {
  readonly output: Target
  readonly force: boolean
  readonly 'dry-run': boolean
  readonly xattrs: boolean
  readonly engine: number | undefined
}

/** `imgtar export`: the root filesystem of an image as one tar. */
export const exportFiles = defineCommand({
  name: 'export',
  summary: 'write the root filesystem of an image as one flat tar, as docker export does',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    output: required('a tar; - is stdout; rootfs:DIRECTORY writes a directory', '[rootfs:]PATH', targetOf, 'o'),
    force: FORCE_OPTION,
    'dry-run': flag('say what would be written, and write nothing'),
    xattrs: flag('keep every extended attribute; docker keeps security.capability alone'),
    engine: ENGINE_OPTION,
    userns: USERNS_OPTION,
    'as-of': AS_OF_OPTION,
    verify: VERIFY_OPTION,
  },
  examples: [
    ['imgtar export app.tar -o rootfs.tar', 'what docker create and docker export would give, without a daemon'],
    ['imgtar export bundle.tar:web:2 -o - | tar -tv', 'one image of several, into a pipe'],
    ['imgtar export app.tar --as-of 0 -o base.tar', 'of the base alone'],
    ['imgtar export app.tar -o rootfs:dir', 'as a directory; what cannot be made there is listed'],
    ['imgtar export docker-root:/mnt/docker:@container=web -o web.tar --engine 20', "a stopped daemon's container"],
    ['docker save app | imgtar export - -o rootfs.tar', 'from a pipe'],
  ],
  async run({ operands, options, globals, context: given }) {
    const context = withUserNamespace(given, options.userns)
    if (options.output.kind === 'directory') refuseOf(options, ['engine', 'xattrs'], 'a tar')
    if (options.output.path === '-' && !options['dry-run']) refuseTerminal()
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const layers = await chosenLayers(archive, options['as-of'])
    await verified({ layers }, options.verify, context)
    return await (options.output.kind === 'tar' ? toTar : toDirectory)(archive, layers, options, context)
  },
})

function targetOf(text: string): Target {
  const directory = directoryPlace(text)
  if (directory !== undefined) return { kind: 'directory', path: directory.path }
  const path = plainPath(text)
  if (path.endsWith('/')) throw new UsageError(`--output rootfs:${path} writes a directory`)
  return { kind: 'tar', path }
}

async function toTar(
  archive: ImageArchive,
  layers: readonly Layer[],
  options: Exporting,
  context: RunContext,
): Promise<FilesReport> {
  const [{ flatten }, { checkFile, fileOutput, streamOutput }] = await Promise.all([
    import('../../ops/flatten.js'),
    import('../../bytes/output.js'),
  ])
  const { location, findings } = archive
  const { path } = options.output
  await refuseInside([archive], path)
  const isWritten = !options['dry-run']
  if (!isWritten && path !== '-') await checkFile(path, { force: options.force })
  const { engine } = options
  const flattening = { archive: location, ...(engine !== undefined && { engine }) }
  const flat = await flatten(layers, { ...flattening, xattrs: options.xattrs ? 'all' : 'capability' }, context)
  let size = 0
  if (isWritten) {
    await using output = path === '-' ? streamOutput(process.stdout) : await fileOutput(path, { force: options.force })
    await using blocks = await flat.blocks()
    const total = flat.bytes + HEADER * flat.entries
    await output.take({
      fill(block) {
        context.onProgress?.({ task: 'write', subject: path, done: output.position, total })
        return blocks.fill(block)
      },
    })
    refuseAborted(context.signal)
    await output.commit()
    size = output.position
  } else size = flat.size()
  return filesReport('export', {
    archive: location,
    output: { path, kind: 'tar', size, written: isWritten },
    entries: flat.entries,
    unplanted: [],
    findings: [...findings, ...flat.findings],
  })
}

async function toDirectory(
  archive: ImageArchive,
  layers: readonly Layer[],
  options: Exporting,
  context: RunContext,
): Promise<FilesReport> {
  const { exportTo } = await import('../extract-to.js')
  return exportTo(layers, { archive, path: options.output.path, isWritten: !options['dry-run'] }, context)
}
