import { flag } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'

/** `imgtar blame`: which layer and step made each version of a path. */
export const blame = defineCommand({
  name: 'blame',
  summary: 'show which layer and which step of the history made each version of a path',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image where it holds several' },
    path: { kind: 'one', summary: 'a file or directory; one that was deleted too' },
  },
  options: { 'no-trunc': flag('whole commands') },
  examples: [
    ['imgtar blame app.tar /etc/passwd', 'every version, base first: layer, change, mode, owner, size, step'],
    ['imgtar blame --no-trunc app.tar /etc/passwd', 'with whole commands'],
    ['imgtar blame app.tar /root/.ssh/id_rsa --json', 'with the sha256 of each version'],
    ['imgtar cat app.tar --as-of 2 /etc/passwd', 'the version of layer 2'],
  ],
  async run({ operands, globals, context }) {
    const [operation, { describeFinding }, { selectImage }, { imageIDOf }] = await Promise.all([
      import('../../ops/blame.js'),
      import('../../ops/describe.js'),
      import('../../model/select.js'),
      import('../stored-id.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const image = selectImage(archive, {})
    const { path, versions, found } = await operation.blame(image, archive.location, operands.path, context)
    const findings = [...archive.findings, ...found].map(describeFinding)
    const head = { archive: archive.location, imageID: imageIDOf(image) }
    return { ...envelope('blame', isClean(findings)), ...head, path, versions: [...versions], findings }
  },
})
