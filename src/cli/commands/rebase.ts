import { asIs, required } from '../arguments.js'
import { defineCommand } from '../command.js'
import { openInputs } from '../inputs.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** `imgtar rebase`: another base under the layers of an image. */
export const rebase = defineCommand({
  name: 'rebase',
  summary: 'put the layers of an image onto another base, without building it again',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    ...WRITE_OPTIONS,
    'old-base': required('the image that it stands on', 'ARCHIVE', asIs),
    'new-base': required('the image that it is to stand on', 'ARCHIVE', asIs),
  },
  examples: [
    ['imgtar rebase app.tar --old-base debian-1.tar --new-base debian-2.tar -o out.tar', 'a patched base'],
    [
      'imgtar rebase app.tar --old-base all.tar:base:1 --new-base all.tar:base:2 -o out.tar',
      'bases out of one archive',
    ],
  ],
  async run({ operands, options, globals, context }) {
    const [{ selectImage }, operation] = await Promise.all([
      import('../../model/select.js'),
      import('../../ops/rebase.js'),
    ])
    const operandTexts = [operands.archive, options['old-base'], options['new-base']]
    await using inputs = await openInputs(operandTexts, { globals, context, access: 'random' })
    const [image, oldBase, newBase] = inputs.archives.map((archive) => selectImage(archive, {}))
    if (image === undefined || oldBase === undefined || newBase === undefined) throw new TypeError('three are opened')
    const rebased = await operation.rebase({ image, oldBase, newBase, archive: operands.archive }, context)
    return await writeArchive({ name: 'rebase', images: [rebased], archives: inputs.archives, options }, context)
  },
})
