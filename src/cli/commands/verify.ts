import type { RunContext } from '../../context.js'
import type { VerifyReport } from '../../model/report.js'
import { isClean, oneArchiveOnly, openOperand, reportError } from '../archives.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import type { GlobalValues } from '../options.js'

type Verdict = VerifyReport['archives'][number]

/** `imgtar verify`: proves archives, each on its own. */
export const verify = defineCommand({
  name: 'verify',
  summary: 'prove that archives are whole: every digest, document and tar, every fault in one run',
  positionals: { archive: { kind: 'many', summary: 'what to prove; an unreadable one does not stop the others' } },
  options: {},
  examples: [
    ['imgtar verify app.tar', 'exit code 0 when it is whole, 1 when something is wrong, 2 when it cannot be read'],
    ['imgtar verify *.tar oci/', 'files of any format and OCI layouts; the worst one decides the exit code'],
    ['docker save app | imgtar verify -', 'on its way, in one pass, with nothing written to disk'],
    ['imgtar verify -q app.tar && docker load -i app.tar', 'load only what is proved'],
    ['imgtar verify --json app.tar', 'one JSON document with codes, paths, offsets and digests (docs/json.md)'],
    ['imgtar help DIFFID_MISMATCH', 'what a code means and what to do'],
  ],
  async run({ operands, globals, context }) {
    const archives: Verdict[] = []
    for (const operand of operands.archive) archives.push(await verdictOn(operand, globals, context))
    return {
      ...envelope(
        'verify',
        archives.every(({ ok }) => ok),
      ),
      archives,
    }
  },
})

async function verdictOn(operand: string, globals: GlobalValues, context: RunContext): Promise<Verdict> {
  try {
    return await proved(operand, globals, context)
  } catch (thrown) {
    const fault = oneArchiveOnly(thrown, context)
    const { describeFinding } = await import('../../ops/describe.js')
    const findings = fault.findings.map(describeFinding)
    return { archive: operand, ok: false, images: [], findings, error: reportError(fault, operand) }
  }
}

async function proved(operand: string, globals: GlobalValues, context: RunContext): Promise<Verdict> {
  // Before all else: the threads load their part while this one loads the rest and opens the archive.
  const { startMeasuring } = await import('../../tree/measure-threads.js')
  await using threads = await startMeasuring(operand, context)
  const [{ compare }, { measure }, { describeFinding, describeImage }] = await Promise.all([
    import('../../ops/verify.js'),
    import('../../ops/measure.js'),
    import('../../ops/describe.js'),
  ])
  await using archive = await openOperand(operand, { globals, context, access: 'once' })
  const { measurements, findings } = compare(archive, await measure(archive, context, threads))
  const described = findings.map(describeFinding)
  return {
    archive: archive.location,
    format: archive.format,
    ok: isClean(described),
    images: archive.images.map((image) => describeImage(image, measurements)),
    findings: described,
  }
}
