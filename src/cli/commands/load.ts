import { asIs, required } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { USERNS_OPTION, withUserNamespace } from '../data-root.js'
import { envelope } from '../envelope.js'
import { isRoot } from '../write-files.js'

/** `imgtar load`: images into the data-root of a stopped daemon. */
export const load = defineCommand({
  name: 'load',
  summary: 'put images into the data-root of a docker that does not run, so that it starts with them',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    into: required(
      'docker-root:PATH: a data-root of overlay2, or an empty directory that is to become one',
      '[docker-root:]PATH',
      asIs,
    ),
    userns: USERNS_OPTION,
  },
  examples: [
    ['sudo imgtar load app.tar --into docker-root:/mnt/var/lib/docker', 'an appliance boots with the image'],
    ['sudo imgtar load bundle.tar:web:2 --into docker-root:/mnt/docker', 'one image of several'],
    ['docker save app | sudo imgtar load - --into docker-root:root/', 'into an empty directory, from a pipe'],
  ],
  async run({ operands, options, globals, context }) {
    const [{ loadInto }, { knownImage }, { describeFinding }] = await Promise.all([
      import('../../formats/data-root/write/index.js'),
      import('../../ops/relayer.js'),
      import('../../ops/describe.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const images = []
    for (const image of archive.images) images.push(await knownImage(image, context))
    const root = options.into.replace(/^docker-root:/, '')
    const stored = await loadInto(root, images, { isRoot: isRoot() }, withUserNamespace(context, options.userns))
    return {
      ...envelope('load', true),
      archive: operands.archive,
      root,
      images: images.map(({ image, config }, index) => ({
        names: [...image.names],
        imageID: config.digest,
        layers: (stored[index] ?? []).map(({ cacheID, size, ...layer }) => ({
          ...layer,
          cacheID: cacheID ?? null,
          size: size ?? null,
        })),
      })),
      findings: archive.findings.map(describeFinding),
    }
  },
})
