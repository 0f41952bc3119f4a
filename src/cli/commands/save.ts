import { defineCommand } from '../command.js'
import { openInputs } from '../inputs.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** `imgtar save`: any images in, one archive out. */
export const save = defineCommand({
  name: 'save',
  summary: 'write images into one new archive: convert, merge, split, pick',
  positionals: {
    archive: { kind: 'many', summary: 'what to take: all images of an archive, or the one that :REF names' },
  },
  options: WRITE_OPTIONS,
  examples: [
    ['imgtar save oci/ -o app.tar', 'a docker archive that every engine loads, of an OCI layout'],
    ['imgtar save a.tar b.tar:web:2 -o all.tar', 'merge: all of one, one of the other; shared layers once'],
    ['imgtar save all.tar:web:2 -o web.tar', 'split: one image of several'],
    ['imgtar save app.tar -o oci:layout --compress gzip', 'an OCI layout ready to be pushed'],
    ['imgtar save app.tar -o - | docker load', 'straight into an engine'],
    ['imgtar save app.tar -o classic.tar --layout classic', 'as docker wrote it before 25, for old tools'],
    ['imgtar save index.tar -o arm.tar --platform linux/arm64', 'one platform of several'],
  ],
  async run({ operands, options, globals, context }) {
    await using inputs = await openInputs(operands.archive, { globals, context, access: 'random' })
    const { archives } = inputs
    const images = archives.flatMap((archive) => archive.images)
    return await writeArchive({ name: 'save', images, archives, options }, context)
  },
})
