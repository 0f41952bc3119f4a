import { join } from 'node:path'
import type { RecoverReport } from '../../model/report-store.js'
import { asIs, flag, required } from '../arguments.js'
import { defineCommand } from '../command.js'
import { openRoot, USERNS_OPTION, withUserNamespace } from '../data-root.js'
import { writeDockerArchive } from '../docker-archive.js'
import { envelope } from '../envelope.js'
import { isClean } from '../exit-code.js'
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
    const [operation, { recoverInto }, { describeFinding }] = await Promise.all([
      import('../../ops/recover.js'),
      import('../../ops/recover-files.js'),
      import('../../ops/describe.js'),
    ])
    await using root = await openRoot(operands.root, context)
    const { output: directory, force, engine, 'one-archive': oneArchive } = options
    const place = { directory, force, oneArchive, engine, writeArchive: writeDockerArchive }
    const target = await recoverInto(place, context)
    const recovered: RecoverReport['recovered'] = []
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
      directory,
      recovered,
      findings,
    }
    if (oneArchive) {
      const text = `${JSON.stringify(report, undefined, 2)}\n`
      await writeText(join(directory, 'report.json'), [text], { force })
    }
    return report
  },
})
