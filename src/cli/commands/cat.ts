import { ArchiveError } from '../../errors.js'
import { openOperand } from '../archives.js'
import { AS_OF_OPTION, chosenLayers } from '../as-of.js'
import { defineCommand } from '../command.js'
import { verified, VERIFY_OPTION } from '../write-files.js'

/** `imgtar cat`: contents of files of an image. */
export const cat = defineCommand({
  name: 'cat',
  summary: 'print files of an image, as a container would see them',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image where it holds several' },
    file: { kind: 'many', summary: 'paths in the image; links are followed inside it' },
  },
  options: { 'as-of': AS_OF_OPTION, verify: VERIFY_OPTION },
  examples: [
    ['imgtar cat app.tar /etc/os-release', 'of the merged layers'],
    ['imgtar cat bundle.tar:web:2 /etc/passwd /etc/group', 'one after the other'],
    ['imgtar cat app.tar /bin/app | sha256sum', 'byte for byte'],
    [
      'imgtar cat app.tar --as-of 0 /root/.netrc',
      'a file that buried or blame names, before it was deleted or replaced',
    ],
  ],
  async run({ operands, options, globals, context, takeTerminal }) {
    const [{ readFiles }, { streamOutput }] = await Promise.all([
      import('../../ops/read-file.js'),
      import('../../bytes/output.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const layers = await chosenLayers(archive, options['as-of'])
    await verified({ layers }, options.verify, context)
    const wanted = { paths: operands.file, archive: archive.location }
    await using output = streamOutput(process.stdout)
    try {
      for await (const chunk of readFiles(layers, wanted, context)) {
        if (globals.quiet) continue
        takeTerminal()
        await output.write(chunk)
      }
    } catch (error) {
      if (!hasReaderGone(error)) throw error
    }
    return ''
  },
})

// As for `imgtar ls | head`: who has read enough is no failure.
function hasReaderGone(error: unknown): boolean {
  if (!(error instanceof ArchiveError) || error.code !== 'ERR_OUTPUT') return false
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'EPIPE'
}
