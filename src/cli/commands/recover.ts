import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunContext } from '../../context.js'
import { toArchiveError, ArchiveError } from '../../errors.js'
import type { Image } from '../../model/image.js'
import type { RecoverReport } from '../../model/report-store.js'
import type { RecoverTarget } from '../../ops/recover.js'
import { asIs, flag, required } from '../arguments.js'
import { defineCommand } from '../command.js'
import { openRoot, USERNS_OPTION, withUserNamespace } from '../data-root.js'
import { writeDockerArchive, type ArchivePlace } from '../docker-archive.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'
import { fileNameFor } from '../file-name.js'
import { ENGINE_OPTION } from '../write-files.js'
import { writeText } from '../write-text.js'

/** `imgtar recover`: every image and container of a data-root as archives. */
export const recover = defineCommand({
  name: 'recover',
  summary: 'get every image and container out of the data-root of a stopped docker, as archives to load',
  positionals: {
    root: { kind: 'one', summary: 'the data-root, such as /var/lib/docker; or a tar of it, - for stdin' },
  },
  options: {
    output: required('folder for the archives; it is made where it is not there', 'DIR', asIs, 'o'),
    lossy: flag('write damaged images too, of what is there: marked in their history, with another image ID'),
    'one-archive': flag('all images in images.tar, layers that they share once, and the report beside it'),
    force: flag('replace archives that exist', 'f'),
    engine: ENGINE_OPTION,
    userns: USERNS_OPTION,
  },
  examples: [
    [
      'imgtar recover /mnt/var/lib/docker -o rescued/',
      'an archive for each image, a root filesystem for each container',
    ],
    ['for f in rescued/*.image.tar; do docker load -i $f; done', 'the same image IDs and tags as before'],
    ['imgtar recover /mnt/var/lib/docker -o rescued/ --one-archive', 'rescued/images.tar, and report.json beside it'],
    ['imgtar recover docker.tar.gz -o rescued/ --lossy', 'damaged images as well, clearly marked'],
  ],
  async run({ operands, options, context: given }): Promise<RecoverReport> {
    const context = withUserNamespace(given, options.userns)
    const [operation, { describeFinding }] = await Promise.all([
      import('../../ops/recover.js'),
      import('../../ops/describe.js'),
    ])
    await using root = await openRoot(operands.root, context)
    await mkdir(options.output, { recursive: true }).catch((cause: unknown) => {
      throw new ArchiveError('ERR_OUTPUT', toArchiveError(cause).message, { location: options.output, cause })
    })
    const recovered: RecoverReport['recovered'] = []
    const target = targetIn(options.output, options, context)
    for await (const one of operation.recover(root, target, { lossy: options.lossy }, context)) {
      recovered.push(one)
      const done = { done: recovered.length, total: root.images.length, unit: 'image' }
      context.onProgress?.({ task: 'recover', subject: one.names[0] ?? one.id, ...done })
    }
    const findings = root.findings.map(describeFinding)
    const isWhole = recovered.every(({ state }) => state === 'exact')
    const report: RecoverReport = {
      ...envelope('recover', isWhole && isClean(findings)),
      root: operands.root,
      directory: options.output,
      recovered,
      findings,
    }
    if (options['one-archive']) {
      const text = `${JSON.stringify(report, undefined, 2)}\n`
      await writeText(join(options.output, 'report.json'), [text], options)
    }
    return report
  },
})

interface Writing {
  readonly 'one-archive': boolean
  readonly force: boolean
  readonly engine: number | undefined
}

function targetIn(directory: string, options: Writing, context: RunContext): RecoverTarget {
  const { force, engine } = options
  // A second try for the same image goes to the same place.
  const taken = new Map<string, string>()
  const place = (name: string, id: string, suffix: string) => {
    const plain = `${name}.${suffix}`
    const isFree = (taken.get(plain) ?? id) === id
    if (isFree) taken.set(plain, id)
    return join(directory, isFree ? plain : `${name}-${id.slice(0, 12)}.${suffix}`)
  }
  const all = join(directory, 'images.tar')
  const together = {
    async write(images: readonly Image[]) {
      return { path: all, size: await writeDockerArchive(images, { path: all, force }, context) }
    },
    async probe(image: Image) {
      await writeDockerArchive([image], undefined, context)
    },
  }
  return {
    ...(options['one-archive'] && { together }),
    async image(image, id) {
      const hex = id.replace('sha256:', '')
      const path = place(fileNameFor(image.names[0] ?? hex.slice(0, 12)), hex, 'image.tar')
      return { path, size: await writeDockerArchive([image], { path, force }, context) }
    },
    async container(image, { name, id }) {
      const path = place(fileNameFor(name === '' ? id.slice(0, 12) : name), id, 'container.tar')
      return { path, size: await writeContainer(image, { path, force, engine }, context) }
    },
  }
}

async function writeContainer(
  image: Image,
  { path, force, engine }: ArchivePlace & Pick<Writing, 'engine'>,
  context: RunContext,
): Promise<number> {
  const [{ flatten }, { fileOutput }] = await Promise.all([
    import('../../ops/flatten.js'),
    import('../../bytes/output.js'),
  ])
  const flat = await flatten(image.layers, { archive: path, ...(engine !== undefined && { engine }) }, context)
  await using output = await fileOutput(path, { force })
  await using blocks = await flat.blocks()
  await output.take(blocks)
  await output.commit()
  return output.position
}
