import { flag, required } from '../arguments.js'
import { openOperand } from '../archives.js'
import { AS_OF_OPTION, chosenLayers } from '../as-of.js'
import { defineCommand } from '../command.js'
import { directoryPlace, plainPath } from '../output-place.js'
import { UsageError } from '../usage-error.js'
import { isRoot, verified, VERIFY_OPTION } from '../write-files.js'

/** `imgtar extract`: files of an image into a directory. */
export const extract = defineCommand({
  name: 'extract',
  summary: 'write files of an image into a new directory; nothing ever leaves it',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image where it holds several' },
    glob: {
      kind: 'any',
      summary: 'which files: patterns over whole paths; a directory brings all in it (default: all)',
    },
  },
  options: {
    output: required('a directory that is new or empty', 'DIRECTORY', targetOf, 'o'),
    'same-owner': flag('files get the owners they have in the image (default for root)'),
    'no-same-owner': flag('files belong to you, without setuid and setgid bits (default for others)'),
    'as-of': AS_OF_OPTION,
    verify: VERIFY_OPTION,
    'dry-run': flag('say what would be written, and write nothing'),
  },
  examples: [
    ['imgtar extract app.tar -o rootfs', 'everything a container would see'],
    ["imgtar extract app.tar /etc 'usr/**/*.so*' -o out", 'a directory, and files by their pattern'],
    ['imgtar extract app.tar etc/passwd -o out --json', 'what could not be put there (devices, attributes) in JSON'],
  ],
  async run({ operands, options, globals, context }) {
    if (options['same-owner'] && options['no-same-owner'])
      throw new UsageError('--same-owner and --no-same-owner exclude each other')
    const { extractTo } = await import('../extract-to.js')
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const layers = await chosenLayers(archive, options['as-of'])
    await verified({ layers }, options.verify, context)
    const sameOwner = options['same-owner'] || (isRoot() && !options['no-same-owner'])
    const isWritten = !options['dry-run']
    const request = { archive, globs: operands.glob, sameOwner, path: options.output, isWritten }
    return await extractTo('extract', layers, request, context)
  },
})

function targetOf(text: string): string {
  const path = directoryPlace(text)?.path ?? plainPath(text)
  if (path === '-') throw new UsageError('a directory does not go to standard output; imgtar cat prints files')
  return path
}
