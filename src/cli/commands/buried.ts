import { flag } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'

/** `imgtar buried`: what was deleted and is still inside. */
export const buried = defineCommand({
  name: 'buried',
  summary: 'list files that an upper layer deleted and that are still inside for whoever has the archive',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: { replaced: flag('older versions of files as well, where their content was another') },
  examples: [
    ['imgtar buried app.tar', 'layer, size and path of each, and the layer that deleted it'],
    ['imgtar buried --replaced app.tar', 'with what was overwritten: an old key is still a key'],
    ["imgtar buried app.tar --json | jq -r '.files[] | [.path, .createdBy, .hiddenByStep] | @tsv'", 'with the steps'],
    ['imgtar ls app.tar --layer 2', 'the layer that holds it, as it is stored'],
    ['imgtar cat app.tar --as-of 2 /root/.netrc', 'such a file, as of the layer that holds it'],
    ['imgtar strip app.tar /root/.netrc -o clean.tar', 'the image without it, in any layer'],
  ],
  async run({ operands, options, globals, context }) {
    const [operation, { describeFinding }, { selectImage }, { imageIDOf }] = await Promise.all([
      import('../../ops/buried.js'),
      import('../../ops/describe.js'),
      import('../../model/select.js'),
      import('../stored-id.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const image = selectImage(archive, {})
    const settings = { archive: archive.location, replaced: options.replaced }
    const { files, bytes, found } = await operation.buried(image, settings, context)
    const findings = [...archive.findings, ...found].map(describeFinding)
    const head = { archive: archive.location, imageID: imageIDOf(image) }
    return { ...envelope('buried', isClean(findings)), ...head, bytes, files, findings }
  },
})
