import type { Image } from '../../model/image.js'
import { asIs, flag, values } from '../arguments.js'
import { defineCommand } from '../command.js'
import { UsageError } from '../usage-error.js'
import { openWhole } from '../whole-archive.js'
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
    await using whole = await openWhole(operands.archive, globals, context)
    const { archive } = whole
    const chosen = operands.name.length > 0 || options.only ? whole.chosen() : new Set<Image>()
    const changes = { add: operands.name, drop: options.drop, only: options.only }
    const images = retag(archive.images, chosen, changes)
    return await writeArchive({ name: 'tag', images, archives: [archive], options, trust: true }, context)
  },
})
