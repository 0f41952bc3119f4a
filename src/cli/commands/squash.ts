import { asIs, value, values, wholeNumber } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { UsageError } from '../usage-error.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** `imgtar squash`: one layer of several. */
export const squash = defineCommand({
  name: 'squash',
  summary: 'make one layer of several; what they deleted is gone for good',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    ...WRITE_OPTIONS,
    from: value('the first layer to squash, those below are kept; 0 (default) is the base', 'N', wholeNumber(0)),
    layers: value('how many layers to squash, from the top', 'N', wholeNumber(1)),
    exclude: values('leave files out, by a pattern over whole paths; may be given several times', 'GLOB', asIs),
    message: value('comment of the step in the history', 'TEXT', asIs, 'm'),
  },
  examples: [
    ['imgtar squash app.tar -o flat.tar', 'all layers into one'],
    ['imgtar squash app.tar --layers 3 -o out.tar', 'the three on top; the others stay shared with other images'],
    ['imgtar squash app.tar --from 2 -o out.tar', 'layer 2 and all above it'],
    ["imgtar squash app.tar --exclude 'root/.ssh' --exclude '**/*.pem' -o out.tar", 'without what should not be there'],
  ],
  async run({ operands, options, globals, context }) {
    if (options.from !== undefined && options.layers !== undefined)
      throw new UsageError('--from and --layers exclude each other')
    const [{ selectImage }, operation] = await Promise.all([
      import('../../model/select.js'),
      import('../../ops/squash.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const image = selectImage(archive, {})
    const { image: squashed, findings } = await operation.squash(
      image,
      {
        archive: archive.location,
        from: options.layers === undefined ? (options.from ?? 0) : image.layers.length - options.layers,
        exclude: options.exclude,
        ...(options.message !== undefined && { comment: options.message }),
      },
      context,
    )
    const archives = [{ ...archive, findings: [...archive.findings, ...findings] }]
    return await writeArchive({ name: 'squash', images: [squashed], archives, options }, context)
  },
})
