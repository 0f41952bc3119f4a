import { ArchiveError } from '../../errors.js'
import type { RunContext } from '../../context.js'
import type { ImageArchive } from '../../model/image.js'
import type { FilesReport } from '../../model/report-files.js'
import { required } from '../arguments.js'
import { defineCommand } from '../command.js'
import { openInputs } from '../inputs.js'
import { outputOrDirectory, refuseOf } from '../output-place.js'
import { UsageError } from '../usage-error.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

const OUTPUT_OPTION = required(
  'where to write; TRANSPORT is docker-archive (default), oci-archive, oci, or rootfs for the files of one image; - is stdout',
  '[TRANSPORT:]PATH',
  outputOrDirectory,
  'o',
)

/** `imgtar save`: any images in, one archive out. */
export const save = defineCommand({
  name: 'save',
  summary: 'write images into one new archive: convert, merge, split, pick',
  positionals: {
    archive: { kind: 'many', summary: 'what to take: all images of an archive, or the one that :REF names' },
  },
  options: { ...WRITE_OPTIONS, output: OUTPUT_OPTION },
  examples: [
    ['imgtar save oci/ -o app.tar', 'a docker archive that every engine loads, of an OCI layout'],
    ['imgtar save a.tar b.tar:web:2 -o all.tar', 'merge: all of one, one of the other; shared layers once'],
    ['imgtar save all.tar:web:2 -o web.tar', 'split: one image of several'],
    ['imgtar save app.tar -o oci:layout --compress gzip', 'an OCI layout ready to be pushed'],
    ['imgtar save app.tar -o - | docker load', 'straight into an engine'],
    ['imgtar save app.tar -o classic.tar --layout classic', 'as docker wrote it before 25, for old tools'],
    ['imgtar save app.tar -o rootfs:dir', 'its files, as imgtar export does'],
    ['imgtar save index.tar -o arm.tar --platform linux/arm64', 'one platform of several'],
  ],
  async run({ operands, options, globals, context }) {
    if (options.output.format === 'rootfs') refuseOf(options, ['layout', 'compress', 'reproducible'], 'an archive')
    await using inputs = await openInputs(operands.archive, { globals, context, access: 'random' })
    const { archives } = inputs
    for (const { images, location } of archives) if (images.length === 0) throw nothingIn(location)
    const images = archives.flatMap((archive) => archive.images)
    const { output } = options
    if (output.format === 'rootfs') return await filesOf(archives, { ...options, path: output.path }, context)
    return await writeArchive({ name: 'save', images, archives, options: { ...options, output } }, context)
  },
})

interface FilesRequest {
  readonly path: string
  readonly 'dry-run': boolean
}

async function filesOf(
  archives: readonly ImageArchive[],
  { path, 'dry-run': isDry }: FilesRequest,
  context: RunContext,
): Promise<FilesReport> {
  const [{ selectImage }, { exportTo }] = await Promise.all([
    import('../../model/select.js'),
    import('../extract-to.js'),
  ])
  const [archive, second] = archives
  if (archive === undefined || second !== undefined)
    throw new UsageError('--output rootfs:DIRECTORY takes the files of one image: name one archive')
  const { layers } = selectImage(archive, {})
  return exportTo(layers, { archive, path, isWritten: !isDry }, context)
}

function nothingIn(location: string): ArchiveError {
  return new ArchiveError('ERR_NOT_FOUND', 'there is no image in the archive', {
    location,
    hint: 'imgtar verify says what is in it, and what is missing',
  })
}
