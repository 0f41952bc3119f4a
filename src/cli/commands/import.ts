import type { RunContext } from '../../context.js'
import type { Platform } from '../../model/platform.js'
import type { ConfigBefore } from '../../ops/config-from.js'
import type { RootfsInput } from '../../ops/import.js'
import { asIs, value } from '../arguments.js'
import { defineCommand } from '../command.js'
import { createdAt, NEW_IMAGE_OPTIONS } from '../new-image.js'
import type { GlobalValues } from '../options.js'
import { refuseInside } from '../refuse-inputs.js'
import { WRITE_OPTIONS, writeMade } from '../write-archive.js'

/** `imgtar import`: a root filesystem becomes an image of one layer. */
export const importCommand = defineCommand({
  name: 'import',
  summary: 'make an image of a root filesystem, as docker import does; the tar becomes its layer byte for byte',
  positionals: {
    rootfs: {
      kind: 'one',
      summary: 'a tar, compressed or not, a directory (without extended attributes), or - for stdin',
    },
  },
  options: {
    ...WRITE_OPTIONS,
    tag: NEW_IMAGE_OPTIONS.tag,
    change: NEW_IMAGE_OPTIONS.change,
    message: value('the comment in config and history', 'TEXT', asIs, 'm'),
    created: NEW_IMAGE_OPTIONS.created,
    'config-from': value(
      'take the config over from an image archive, or a file of docker or podman inspect, or skopeo inspect --config',
      'PATH',
      asIs,
    ),
  },
  examples: [
    ['imgtar import rootfs.tar -t app:1 -c \'CMD ["/bin/app"]\' -o app.tar', 'then docker load -i app.tar'],
    ['docker export web | imgtar import - -t web:saved -o web.tar', 'on its way, in one pass'],
    ['imgtar import rootfs.tar --config-from old.tar -t app:2 -o app.tar', 'with the config that the export lost'],
    [
      'imgtar import rootfs.tar.xz -c "ENV A=1" -c "WORKDIR /srv" --created 0 -o app.tar',
      'the same bytes on every run',
    ],
  ],
  async run({ operands, options, globals, context }) {
    const [{ importRootfs }, { applyChanges }] = await Promise.all([
      import('../../ops/import.js'),
      import('../../ops/dockerfile/changes.js'),
    ])
    const before = await configOf(options['config-from'], globals, context)
    const settings = {
      names: options.tag,
      platform: await platformOf(globals, before),
      created: createdAt(options.created),
      comment: options.message ?? 'Imported from -',
      config: applyChanges(before?.config ?? {}, options.change),
    }
    const { openRootfs } = await import('../rootfs-input.js')
    await using input: RootfsInput & AsyncDisposable = await openRootfs(operands.rootfs, context)
    await refuseInside([{ format: 'rootfs', location: input.location }], options.output.path)
    return await writeMade(
      'import',
      options,
      async (target) => {
        const { image, findings } = await importRootfs(input, settings, target, context)
        return { images: [image], findings }
      },
      context,
    )
  },
})

async function platformOf({ platform }: GlobalValues, before: ConfigBefore | undefined): Promise<Platform> {
  const { parsePlatform } = await import('../../model/platform.js')
  if (platform !== undefined) return parsePlatform(platform)
  const { architecture = 'amd64', os = 'linux', variant } = before ?? {}
  return { architecture, os, ...(variant !== undefined && { variant }) }
}

async function configOf(
  from: string | undefined,
  globals: GlobalValues,
  context: RunContext,
): Promise<ConfigBefore | undefined> {
  if (from === undefined) return undefined
  const { readConfigBefore } = await import('../config-before.js')
  return readConfigBefore(from, globals, context)
}
