import { MANAGERS, type Manager } from '../../model/package-managers.js'
import { value } from '../arguments.js'
import { openOperand } from '../archives.js'
import { AS_OF_OPTION, chosenLayers } from '../as-of.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'
import { reportOption } from '../report-targets.js'
import { UsageError } from '../usage-error.js'

/** `imgtar packages`: what is installed in an image. */
export const packages = defineCommand({
  name: 'packages',
  summary: 'list the packages that are installed in an image, and the layer that installed each',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    manager: value(`those of these alone: ${MANAGERS.join(', ')}`, 'NAME,…', managers),
    'as-of': AS_OF_OPTION,
    report: reportOption(['text', 'json', 'cyclonedx']),
  },
  examples: [
    ['imgtar packages app.tar', 'by the databases of dpkg, apk, rpm, Python and npm'],
    ['imgtar packages app.tar --manager python,npm', 'of these alone'],
    [
      'imgtar packages app.tar --report cyclonedx=sbom.json',
      'a bill of materials for scanners, the same for the same image',
    ],
    ["imgtar packages app.tar --json | jq -r '.packages[] | select(.layer > 0) | .purl'", 'what came above the base'],
    ['imgtar diff old.tar new.tar', 'which packages changed, and which of the other files'],
  ],
  async run({ operands, options, globals, context }) {
    const [{ packagesIn }, { describeFinding }, { selectImage }, { formatPlatform }, { imageIDOf }] = await Promise.all(
      [
        import('../../ops/packages/list.js'),
        import('../../ops/describe.js'),
        import('../../model/select.js'),
        import('../../model/platform.js'),
        import('../stored-id.js'),
      ],
    )
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const image = selectImage(archive, {})
    const layers = await chosenLayers(archive, options['as-of'])
    const wanted = { archive: archive.location, layers, ...(options.manager && { managers: options.manager }) }
    const { found, ...listed } = await packagesIn(image, wanted, context)
    const findings = [...archive.findings, ...found].map(describeFinding)
    const head = { archive: archive.location, imageID: imageIDOf(image), names: [...image.names] }
    const platform = formatPlatform(image.platform)
    return { ...envelope('packages', isClean(findings)), ...head, platform, ...listed, findings }
  },
})

function managers(text: string, name: string): readonly Manager[] {
  return text.split(',').map((part) => {
    const found = MANAGERS.find((one) => one === part)
    if (found === undefined) throw new UsageError(`--${name} wants some of ${MANAGERS.join(', ')}, not '${part}'`)
    return found
  })
}
