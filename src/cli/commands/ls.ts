import { flag, value, wholeNumber } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'
import { UsageError } from '../usage-error.js'
import { AS_OF_OPTION } from '../as-of.js'

/** `imgtar ls`: the files of an image, or of its layers. */
export const ls = defineCommand({
  name: 'ls',
  summary: 'list the files of an image as ls -l does, merged over its layers',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image where it holds several' },
    path: { kind: 'optional', summary: 'a directory lists what is in it; without it everything is listed' },
  },
  options: {
    recursive: flag('everything below PATH, not only what is in it', 'R'),
    layer: value('one layer as it is stored, whiteouts shown (w); 0 is the base', 'N', wholeNumber(0)),
    'as-of': AS_OF_OPTION,
    'all-layers': flag('every layer as it is stored, by path: who put what where'),
  },
  examples: [
    ['imgtar ls app.tar', 'every file that a container would see'],
    ['imgtar ls app.tar /etc', 'what is in one directory'],
    ['imgtar ls app.tar --layer 2', 'what layer 2 adds, replaces and deletes'],
    ['imgtar ls app.tar --all-layers /etc/passwd', 'every layer that wrote the file'],
    ['imgtar ls bundle.tar:web:2 --json', 'one image of several, for a program'],
    ['imgtar ls - < rootfs.tar', 'a docker export on stdin'],
  ],
  async run({ operands, options, globals, context }) {
    if (options.layer !== undefined && options['all-layers'])
      throw new UsageError('--layer and --all-layers exclude each other')
    if (options.layer !== undefined && options['as-of'] !== undefined)
      throw new UsageError('--layer and --as-of exclude each other')
    const [{ describeFinding }, { list }, { selectImage }, { layersAsOf }, { imageIDOf }] = await Promise.all([
      import('../../ops/describe.js'),
      import('../../ops/list.js'),
      import('../../model/select.js'),
      import('../../model/as-of.js'),
      import('../stored-id.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const image = selectImage(archive, {})
    const layers = layersAsOf(image, options['as-of'], archive.location)
    const listing = await list(
      { ...image, layers },
      {
        archive: archive.location,
        recursive: options.recursive,
        allLayers: options['all-layers'],
        ...(operands.path !== undefined && { path: operands.path }),
        ...(options.layer !== undefined && { layer: options.layer }),
      },
      context,
    )
    const findings = [...archive.findings, ...listing.findings].map(describeFinding)
    return {
      ...envelope('ls', isClean(findings)),
      archive: archive.location,
      imageID: imageIDOf(image),
      allLayers: options['all-layers'],
      entries: listing.entries,
      findings,
    }
  },
})
