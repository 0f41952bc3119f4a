import { flag } from '../arguments.js'
import { openOperand } from '../archives.js'
import { AS_OF_OPTION } from '../as-of.js'
import { defineCommand } from '../command.js'
import { ROOTFS_TOLERANCES, rootfsTolerances } from '../diff-options.js'
import { envelope } from '../envelope.js'

/** `imgtar rootfs-digest`: one digest for what a container would see. */
export const rootfsDigest = defineCommand({
  name: 'rootfs-digest',
  summary: 'one digest of the merged root filesystem, whatever the layers (docs/rootfs-digest.md)',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    list: flag('the lines that are hashed, for sha256sum or diff'),
    'as-of': AS_OF_OPTION,
    ...ROOTFS_TOLERANCES,
  },
  examples: [
    ['imgtar rootfs-digest app.tar', 'equal digests mean equal root filesystems'],
    ['imgtar rootfs-digest --profile docker-export export.tar', 'comparable with the image that was exported'],
    ['imgtar rootfs-digest --as-of 2 app.tar', 'of layers 0 to 2: what a base has, seen from the image above it'],
    ['imgtar rootfs-digest --list app.tar | sha256sum', 'the same digest, computed by others'],
  ],
  async run({ operands, options, globals, context }) {
    const [{ digestRootfs }, { selectImage }] = await Promise.all([
      import('../../ops/rootfs-digest.js'),
      import('../../model/select.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const digested = await digestRootfs(
      selectImage(archive, {}),
      { archive: archive.location, tolerances: rootfsTolerances(options), list: options.list, asOf: options['as-of'] },
      context,
    )
    return { ...envelope('rootfs-digest', digested.digest !== null), ...digested }
  },
})
