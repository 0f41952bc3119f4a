import { flag } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'

/** `imgtar inspect`: everything an archive says of its images. */
export const inspect = defineCommand({
  name: 'inspect',
  summary: 'show everything an archive says of its images, and what each claim was checked against',
  positionals: { archive: { kind: 'one', summary: 'the archive; with :REF or :@N one of its images' } },
  options: { measure: flag('read every layer and hold each claim against what was measured') },
  examples: [
    [
      'imgtar inspect app.tar',
      'IDs, names, platform, config, and the layers with diffIDs, chainIDs, digests, sizes, history',
    ],
    ['imgtar inspect --measure app.tar', 'the same, with every claim proved'],
    ['imgtar inspect oci/ --platform linux/arm64', 'one image of a multi-platform index'],
    ["imgtar inspect app.tar --json | jq -r '.images[].imageID'", 'for a program'],
  ],
  async run({ operands, options, globals, context }) {
    const operation = await import('../../ops/inspect.js')
    await using archive = await openOperand(operands.archive, { globals, context, access: 'once' })
    const inspected = await operation.inspect(archive, { measure: options.measure }, context)
    return { ...envelope('inspect', isClean(inspected.findings)), ...inspected }
  },
})
