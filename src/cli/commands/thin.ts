import type { ImageArchive } from '../../model/image.js'
import { ArchiveError } from '../../errors.js'
import { asIs, values } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { openInputs } from '../inputs.js'
import { claimedImages, openPlainOutput, openTarOf, PLAIN_OUTPUT_OPTIONS, plainOutput } from '../plain-archive.js'
import { refuseReplacing } from '../refuse-inputs.js'
import { UsageError } from '../usage-error.js'
import { writtenReport } from '../write-archive.js'

/** `imgtar thin`: an archive without what the other side has. */
export const thin = defineCommand({
  name: 'thin',
  summary: 'leave out the layers that a base has: ship only what is missing',
  positionals: {
    archive: { kind: 'one', summary: 'a docker archive, all its images; where it is compressed, the tar in it' },
  },
  options: {
    ...PLAIN_OUTPUT_OPTIONS,
    base: values(
      'an archive with images that the other side has, taken at its word; may be given several times',
      'ARCHIVE',
      asIs,
    ),
  },
  examples: [
    [
      'imgtar thin app-2.tar --base app-1.tar -o app-2.thin.tar',
      'where app-1 is loaded, docker load takes it and keeps the image ID (docs/writing.md: which engines do)',
    ],
    [
      'imgtar hydrate app-2.thin.tar --from app-1.tar -o app-2.tar',
      'for engines that refuse it (skopeo, crane, whatever lacks the base): whole again, byte for byte',
    ],
    ['imgtar verify app-2.thin.tar --assume app-1.tar', 'proves what is there'],
  ],
  async run({ operands, options, globals, context }) {
    if (options.base.length === 0) throw new UsageError('--base is missing: nothing could be left out')
    const [{ writeThin }, { parseOperand }] = await Promise.all([
      import('../../ops/thin.js'),
      import('../../formats/operand.js'),
    ])
    const { path } = await parseOperand(operands.archive)
    await using source = await openTarOf(path, context)
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random', given: { source } })
    refuseOther(archive)
    await using inputs = await openInputs(options.base, { globals, context, access: 'once' })
    const bases = inputs.archives.flatMap(({ images }) => images)
    await refuseReplacing(
      inputs.archives.map(({ location }) => location),
      options.output.path,
    )
    await using output = await openPlainOutput(options)
    const { leftOut, findings: told } = await writeThin(
      { archive: source, images: archive.images, bases },
      output,
      context,
    )
    const size = output.position
    await output.commit()
    const gone = new Set([...leftOut].map(({ blob }) => blob))
    const images = await claimedImages(archive.images, ({ blob }) => blob !== undefined && gone.has(blob))
    const { describeFinding } = await import('../../ops/describe.js')
    const findings = [...archive.findings, ...told].map(describeFinding)
    return writtenReport('thin', plainOutput(options.output.path, size, options['dry-run']), images, findings)
  },
})

// Engines that load a thin archive go by manifest.json.
function refuseOther({ format, location }: ImageArchive): void {
  if (format === 'docker-save' || format === 'hybrid') return
  throw new ArchiveError('ERR_UNSUPPORTED', `only a docker archive can be thin, and this is ${format}`, {
    location,
    hint: `imgtar save ${location} -o app.tar makes one`,
  })
}
