import { givenFor } from '../archives.js'
import { asIs, value } from '../arguments.js'
import { defineCommand } from '../command.js'
import { USERNS_OPTION, withUserNamespace } from '../data-root.js'
import { createdAt, NEW_IMAGE_OPTIONS } from '../new-image.js'
import { UsageError } from '../usage-error.js'
import { WRITE_OPTIONS, writeMade } from '../write-archive.js'
import { ENGINE_OPTION } from '../write-files.js'

/** `imgtar commit`: what a container of a stopped daemon wrote becomes an image. */
export const commit = defineCommand({
  name: 'commit',
  summary: "make an image of a stopped daemon's container, as docker commit does",
  positionals: {
    container: { kind: 'one', summary: 'docker-root:PATH:@container=NAME, or its ID' },
  },
  options: {
    ...WRITE_OPTIONS,
    tag: NEW_IMAGE_OPTIONS.tag,
    author: value('who made it, as "Me <me@example.com>"', 'TEXT', asIs, 'a'),
    message: value('the comment in the history', 'TEXT', asIs, 'm'),
    change: NEW_IMAGE_OPTIONS.change,
    created: NEW_IMAGE_OPTIONS.created,
    engine: ENGINE_OPTION,
    userns: USERNS_OPTION,
  },
  examples: [
    [
      'imgtar commit docker-root:/mnt/docker:@container=web -t rescued/web:1 -o web.tar',
      'its writable layer as a new image on the old ones; then docker load -i web.tar',
    ],
    [
      'imgtar commit docker-root:/mnt/docker:@container=4f1 -a Me -m rescued -c "ENV A=1" -t web:2 -o web.tar',
      'with an author, a comment and a change',
    ],
    [
      'imgtar commit docker-root:/mnt/docker:@container=web -t web:1 -o web.tar --engine 20',
      'the layer with the headers that docker 20.10 writes, byte for byte',
    ],
  ],
  async run({ operands, options, context: plain }) {
    const context = withUserNamespace(plain, options.userns)
    const [{ parseOperand }, { openContainer }, operation] = await Promise.all([
      import('../../formats/operand.js'),
      import('../../formats/data-root/index.js'),
      import('../../ops/commit.js'),
    ])
    const { path, choice, transport } = await parseOperand(operands.container)
    if (choice?.kind !== 'container' || (transport !== undefined && transport !== 'docker-root')) {
      throw new UsageError('which container? write docker-root:PATH:@container=NAME')
    }
    const given = await givenFor(path, context)
    await using opened = await openContainer(path, context, choice.container, given)
    const { tag, author, message, change, engine } = options
    const parts = await opened.container.parts({ ...(engine !== undefined && { engine }) })
    const settings = {
      names: tag,
      created: createdAt(options.created),
      changes: change,
      ...(author !== undefined && { author }),
      ...(message !== undefined && { comment: message }),
    }
    return await writeMade(
      'commit',
      options,
      async (target) => {
        const { image, findings } = await operation.commit(parts, settings, target, context)
        return { images: [image], findings: [...opened.findings, ...findings] }
      },
      context,
    )
  },
})
