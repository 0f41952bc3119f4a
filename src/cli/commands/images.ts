import type { RunContext } from '../../context.js'
import type { ErrorReport, ImagesReport } from '../../model/report.js'
import { flag } from '../arguments.js'
import { oneArchiveOnly, reportError } from '../archive-errors.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'
import type { GlobalValues } from '../options.js'

type Listed = Pick<ImagesReport, 'images' | 'findings'>

/** `imgtar images`: a row for every name of every image. */
export const images = defineCommand({
  name: 'images',
  summary: 'list the images inside archives as docker images does',
  positionals: { archive: { kind: 'many', summary: 'where to look; an unreadable one does not stop the others' } },
  options: { 'no-trunc': flag('whole image IDs') },
  examples: [
    ['imgtar images app.tar bundle.tar', 'REPOSITORY TAG IMAGE ID CREATED SIZE, a row for each name'],
    ['imgtar images --no-trunc oci/', 'whole image IDs'],
    ["imgtar images *.tar --json | jq -r '.images[] | [.archive, .imageID] | @tsv'", 'which archive holds which image'],
  ],
  async run({ operands, globals, context }) {
    const all: Listed = { images: [], findings: [] }
    const errors: ErrorReport[] = []
    for (const operand of operands.archive) {
      try {
        const found = await imagesIn(operand, globals, context)
        for (const row of found.images) all.images.push(row)
        for (const finding of found.findings) all.findings.push(finding)
      } catch (thrown) {
        errors.push(reportError(oneArchiveOnly(thrown, context), operand))
      }
    }
    return { ...envelope('images', errors.length === 0 && isClean(all.findings)), ...all, errors }
  },
})

async function imagesIn(operand: string, globals: GlobalValues, context: RunContext): Promise<Listed> {
  const [{ listImages }, { describeFinding }] = await Promise.all([
    import('../../ops/images.js'),
    import('../../ops/describe.js'),
  ])
  await using archive = await openOperand(operand, { globals, context, access: 'once' })
  const rows = await listImages(archive.images, archive.location, context)
  return { images: [...rows], findings: archive.findings.map(describeFinding) }
}
