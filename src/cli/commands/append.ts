import { asIs, value } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { openInputs } from '../inputs.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** A layer as an operand that is taken for files. Errors: ERR_NOT_ARCHIVE for a directory of images. */
async function rootfsOf(path: string): Promise<string> {
  if (path.startsWith('rootfs:')) return path
  const { refuseLayout } = await import('../rootfs-input.js')
  await refuseLayout(path)
  return `rootfs:${path}`
}

/** `imgtar append`: more layers on top. */
export const append = defineCommand({
  name: 'append',
  summary: 'put layers on top of an image: tars as they are, or directories',
  positionals: {
    archive: { kind: 'one', summary: 'the archive, and which image where it holds several' },
    layer: {
      kind: 'many',
      summary: 'a tar, compressed or not, or a directory (without extended attributes); the first goes lowest',
    },
  },
  options: { ...WRITE_OPTIONS, message: value('comment of the steps in the history', 'TEXT', asIs, 'm') },
  examples: [
    ['imgtar append app.tar site.tar -o out.tar', 'the layer keeps its bytes: its diffID is the sha256 of the tar'],
    ['imgtar append app.tar public/ -o out.tar', 'a directory, packed as docker would'],
    ['tar -c etc | imgtar append app.tar - -o out.tar', 'from a pipe'],
  ],
  async run({ operands, options, globals, context }) {
    const [{ selectImage }, operation] = await Promise.all([
      import('../../model/select.js'),
      import('../../ops/append.js'),
    ])
    const settings = { globals, context, access: 'random' } as const
    await using archive = await openOperand(operands.archive, settings)
    const tars = await Promise.all(operands.layer.map(rootfsOf))
    await using inputs = await openInputs(tars, { ...settings, globals: { ...globals, platform: undefined } })
    const layers = inputs.archives.flatMap(({ images }, index) => {
      return images.flatMap((image) =>
        image.layers.map((layer) => ({ ...layer, path: operands.layer[index] ?? layer.path })),
      )
    })
    const comment = options.message
    const image = await operation.append(
      selectImage(archive, {}),
      layers,
      { ...(comment !== undefined && { comment }) },
      context,
    )
    return await writeArchive(
      { name: 'append', images: [image], archives: [archive, ...inputs.archives], options },
      context,
    )
  },
})
