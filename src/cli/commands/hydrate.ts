import { ArchiveError } from '../../errors.js'
import { asIs, values } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { openInputs } from '../inputs.js'
import { claimedImages, openPlainOutput, openTarOf, PLAIN_OUTPUT_OPTIONS, plainOutput } from '../plain-archive.js'
import { UsageError } from '../usage-error.js'
import { writtenReport } from '../write-archive.js'

/** `imgtar hydrate`: a thin archive made whole. */
export const hydrate = defineCommand({
  name: 'hydrate',
  summary: 'put the layers back that thin left out: the archive as it was, byte for byte',
  positionals: { archive: { kind: 'one', summary: 'an archive that imgtar thin wrote' } },
  options: {
    ...PLAIN_OUTPUT_OPTIONS,
    from: values(
      'whatever has the layers: archives, OCI layouts, data-roots; several times: the first that has a layer whole',
      'ARCHIVE',
      asIs,
    ),
  },
  examples: [
    ['imgtar hydrate app-2.thin.tar --from app-1.tar -o app-2.tar', 'the very archive that thin was given'],
    ['imgtar hydrate app.thin.tar --from oci:layout --from base.tar -o - | docker load', 'straight into an engine'],
  ],
  async run({ operands, options, globals, context }) {
    if (options.from.length === 0) throw new UsageError('--from is missing: the layers must come from somewhere')
    const [{ findRecord, writeHydrated }, { parseOperand }] = await Promise.all([
      import('../../ops/hydrate.js'),
      import('../../formats/operand.js'),
    ])
    const { path } = await parseOperand(operands.archive)
    await using source = await openTarOf(path, context)
    const thin = await findRecord(source, context)
    if (thin === undefined) {
      throw new ArchiveError('ERR_NOT_ARCHIVE', 'it has no record of how it was: imgtar thin did not write it', {
        location: operands.archive,
        hint: 'hydrate takes what imgtar thin wrote; what is whole already needs nothing',
      })
    }
    await using inputs = await openInputs(options.from, { globals, context, access: 'random' })
    const providers = inputs.archives.flatMap(({ images }) => images)
    await using output = await openPlainOutput(options)
    const findings = await writeHydrated(thin, providers, output, context)
    const size = output.position
    await output.commit()
    // The documents of the thin archive are those of the whole one.
    await using archive = await openOperand(operands.archive, { globals, context, access: 'once', given: { source } })
    const images = await claimedImages(archive.images, () => false)
    const { describeFinding } = await import('../../ops/describe.js')
    const place = plainOutput(options.output.path, size, options['dry-run'])
    return writtenReport('hydrate', place, images, findings.map(describeFinding))
  },
})
