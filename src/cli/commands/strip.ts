import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** `imgtar strip`: files out of every layer. */
export const strip = defineCommand({
  name: 'strip',
  summary: 'take files out of every layer, as if they had never been there; all other bytes stay',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image where it holds several' },
    glob: {
      kind: 'many',
      summary: 'which files: patterns over whole paths as layers store them; a directory goes with all in it',
    },
  },
  options: WRITE_OPTIONS,
  examples: [
    ['imgtar strip app.tar /root/.netrc -o clean.tar', 'a secret that buried found below the layer that deleted it'],
    ["imgtar strip app.tar '**/*.pem' var/cache -o clean.tar", 'by pattern, and a directory with all that is in it'],
    ["imgtar strip app.tar '**/*.pyc' -o out.tar --dry-run", 'only say what would go, from which layer'],
  ],
  async run({ operands, options, globals, context }) {
    const [{ selectImage }, operation] = await Promise.all([
      import('../../model/select.js'),
      import('../../ops/strip.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const wanted = { archive: archive.location, paths: operands.glob }
    const { image, stripped, findings } = await operation.strip(selectImage(archive, {}), wanted, context)
    const archives = [{ ...archive, findings: [...archive.findings, ...findings] }]
    const report = await writeArchive({ name: 'strip', images: [image], archives, options }, context)
    return { ...report, stripped }
  },
})
