import { ArchiveError } from '../../errors.js'
import type { ImageArchive } from '../../model/image.js'
import type { SalvageReport } from '../../model/report-salvage.js'
import { givenFor, openOperand, type OpenSettings } from '../archives.js'
import { asIs, flag, required, values } from '../arguments.js'
import { defineCommand } from '../command.js'
import { writeDockerArchive } from '../docker-archive.js'
import { envelope } from '../envelope.js'
import { openInputs } from '../inputs.js'

/** `imgtar salvage`: what can be saved of a damaged archive. */
export const salvage = defineCommand({
  name: 'salvage',
  summary: 'save what is intact of a damaged or cut archive, and heal it from other copies',
  positionals: { archive: { kind: 'one', summary: 'the damaged archive; - for stdin' } },
  options: {
    output: required('folder for what is saved: new or empty', 'DIR', asIs, 'o'),
    from: values(
      'take what is lost from there, where its digest fits: any archive, oci:DIR, docker-root:DIR',
      'OTHER',
      asIs,
    ),
    partial: flag('also export the files that can be read of images that are not whole, as NAME.partial.tar'),
  },
  examples: [
    [
      'imgtar salvage broken.tar -o saved/',
      'saved/images.tar with every image that is whole; intact layers of the others',
    ],
    ['imgtar salvage broken.tar -o saved/ --from old.tar', 'heal it: layers and configs by their digests'],
    ['imgtar salvage broken.tar -o saved/ --from docker-root:/var/lib/docker', 'from the store of a stopped docker'],
    ['imgtar salvage cut.tar.gz -o saved/ --partial', 'what can be read of the files, marked as partial'],
  ],
  async run({ operands, options, globals, context }): Promise<SalvageReport> {
    const [{ looseMembers }, operation, { saveFiles }, { describeFinding }, { directoryOutput }] = await Promise.all([
      import('../../formats/salvage/members.js'),
      import('../../ops/salvage/index.js'),
      import('../../ops/salvage/files.js'),
      import('../../ops/describe.js'),
      import('../../bytes/output-directory.js'),
    ])
    const { archive } = operands
    await using sources = await openInputs(options.from, { globals, context, access: 'random' })
    await using output = await directoryOutput(options.output, { force: false })
    await using broken = await looseMembers(archive, context, await givenFor(archive, context))
    const { source } = broken
    await using opened = await asItsFormat(archive, { globals, context, given: source && { source } })
    const salvaged = await operation.salvage(broken, { sources: sources.archives, opened }, context)
    const settings = { output, partial: options.partial, writeArchive: writeDockerArchive }
    const { written, parts, images } = await saveFiles(salvaged, settings, context)
    await output.commit()
    return {
      ...envelope('salvage', images.length > 0 && images.every(({ state }) => state === 'whole')),
      archive,
      directory: options.output,
      written,
      images,
      parts,
      findings: broken.findings.map(describeFinding),
    }
  },
})

/** The archive as its own format reads it; undefined where it is damaged too much for that. */
async function asItsFormat(text: string, settings: Omit<OpenSettings, 'access'>): Promise<ImageArchive | undefined> {
  return openOperand(text, { ...settings, access: 'random' }).catch((error: unknown) => {
    if (error instanceof ArchiveError && error.code !== 'ERR_ABORTED' && error.code !== 'ERR_IO') return undefined
    throw error
  })
}
