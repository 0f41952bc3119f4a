import { flag } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'

/** `imgtar history`: the steps that made an image. */
export const history = defineCommand({
  name: 'history',
  summary: 'show the steps that made an image as docker history does, newest first',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: { 'no-trunc': flag('whole IDs and commands') },
  examples: [
    ['imgtar history app.tar', 'IMAGE CREATED CREATED BY SIZE COMMENT'],
    ['imgtar history --no-trunc bundle.tar:web:2', 'one image of several, commands in full'],
    ['imgtar history app.tar --json', 'with the diffID of the layer that each step made'],
  ],
  async run({ operands, globals, context }) {
    const [operation, { describeFinding }, { selectImage }] = await Promise.all([
      import('../../ops/history.js'),
      import('../../ops/describe.js'),
      import('../../model/select.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'once' })
    const told = await operation.history(selectImage(archive, {}), context)
    const findings = archive.findings.map(describeFinding)
    return { ...envelope('history', isClean(findings)), archive: archive.location, ...told, findings }
  },
})
