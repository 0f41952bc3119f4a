import type { RunContext } from '../../context.js'
import type { ImageArchive } from '../../model/image.js'
import { asIs, flag, values } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import type { GlobalValues } from '../options.js'
import { UsageError } from '../usage-error.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** `imgtar tag`: new names; layers are copied and not looked at. */
export const tag = defineCommand({
  name: 'tag',
  summary: 'give images of an archive other names; layers are copied, not hashed again',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image the names are for; the others stay as they are' },
    name: { kind: 'any', summary: 'what to name it; :latest where no tag is given' },
  },
  options: {
    ...WRITE_OPTIONS,
    drop: values('take this name away, whoever has it; may be given several times', 'NAME', asIs),
    only: flag('the image keeps no other name than those given: a rename'),
  },
  examples: [
    ['imgtar tag app.tar:app:1 app:latest -o out.tar', 'one more name'],
    ['imgtar tag app.tar:old:1 new:1 --only -o out.tar', 'rename'],
    ['imgtar tag app.tar --drop app:dev -o out.tar', 'drop a name; the image stays'],
    ['imgtar tag oci/ registry.local:5000/team/app:2 --only -o app.tar', 'ready for another registry'],
  ],
  async run({ operands, options, globals, context }) {
    if (operands.name.length === 0 && options.drop.length === 0 && !options.only)
      throw new UsageError('no name to give, and none to --drop')
    const { retag } = await import('../../ops/retag.js')
    await using archive = await openWhole(operands.archive, globals, context)
    const chosen = new Set(
      operands.name.length > 0 || options.only ? await chosenOf(operands.archive, archive, globals) : [],
    )
    const changes = { add: operands.name, drop: options.drop, only: options.only }
    const images = retag(archive.images, chosen, changes)
    return await writeArchive({ name: 'tag', images, archives: [archive], options, trust: true }, context)
  },
})

/** The archive with all its images, whichever one the operand means. */
async function openWhole(operand: string, globals: GlobalValues, context: RunContext): Promise<ImageArchive> {
  const { parseOperand } = await import('../../formats/operand.js')
  const { path, transport } = await parseOperand(operand)
  const whole = transport === undefined ? path : `${transport}:${path}`
  return openOperand(whole, { globals: { ...globals, platform: undefined }, context, access: 'random' })
}

async function chosenOf(
  operand: string,
  archive: ImageArchive,
  { platform }: GlobalValues,
): Promise<readonly ImageArchive['images'][number][]> {
  const [{ parseOperand }, { parsePlatform }, { selectImage, selectImages }] = await Promise.all([
    import('../../formats/operand.js'),
    import('../../model/platform.js'),
    import('../../model/select.js'),
  ])
  const { choice } = await parseOperand(operand)
  const selection = {
    ...(choice?.kind === 'name' && { name: choice.name }),
    ...(choice?.kind === 'index' && { index: choice.index }),
    ...(platform !== undefined && { platform: parsePlatform(platform) }),
  }
  // One name may stand for an image of several platforms; without a name it must be clear which image is meant.
  return choice?.kind === 'name' ? selectImages(archive, selection) : [selectImage(archive, selection)]
}
