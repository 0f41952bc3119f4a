import { byteCount, value } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'
import { reportOption } from '../report-targets.js'
import { UsageError } from '../usage-error.js'

/** `imgtar efficiency`: how much of an image is waste. */
export const efficiency = defineCommand({
  name: 'efficiency',
  summary: 'tell how much of what layers store is never seen, by path and by layer',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    report: reportOption(['text', 'json', 'html']),
    'lowest-efficiency': value('fail below this share of visible bytes', 'RATIO', ratio),
    'highest-wasted-bytes': value('fail above this', 'SIZE', byteCount),
    'highest-user-wasted-percent': value(
      'fail above this share of wasted bytes in the bytes of all layers but the base',
      'RATIO',
      ratio,
    ),
  },
  examples: [
    ['imgtar efficiency app.tar', 'the sums, the layers, and the paths that waste most'],
    ['imgtar efficiency --lowest-efficiency 0.95 app.tar', 'exit code 1 when less than 95 % is to be seen'],
    ["imgtar efficiency app.tar --json | jq '.paths[0]'", 'each copy of a path, and the layer that hid it'],
    ['imgtar efficiency --report html=waste.html app.tar', 'a page for people: a bar for each layer, and the paths'],
    ['imgtar verify --policy .dive-ci app.tar', 'rules of dive, with the archive proved as well'],
  ],
  async run({ operands, options, globals, context }) {
    const [operation, { describeFinding }, { selectImage }, { imageIDOf }] = await Promise.all([
      import('../../ops/efficiency.js'),
      import('../../ops/describe.js'),
      import('../../model/select.js'),
      import('../stored-id.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const image = selectImage(archive, {})
    const { found, ...sums } = await operation.efficiency(image, archive.location, context)
    const rules = operation.efficiencyRules(sums, {
      lowestEfficiency: options['lowest-efficiency'],
      highestWastedBytes: options['highest-wasted-bytes'],
      highestUserWastedPercent: options['highest-user-wasted-percent'],
    })
    const findings = [...archive.findings, ...found].map(describeFinding)
    const ok = isClean(findings) && rules.every((rule) => rule.ok)
    const head = { archive: archive.location, imageID: imageIDOf(image) }
    return { ...envelope('efficiency', ok), ...head, ...sums, rules, findings }
  },
})

function ratio(text: string, name: string): number {
  const number = Number(text.replace(/%$/, ''))
  const share = text.endsWith('%') ? number / 100 : number
  if (text.trim() === '' || !(share >= 0 && share <= 1)) {
    throw new UsageError(`--${name} wants a share as 0.95 or 95%, not '${text}'`)
  }
  return share
}
