import { asIs, choice, flag, value, values } from '../arguments.js'
import { defineCommand } from '../command.js'
import { engineChoices } from '../engine-choices.js'
import { envelope } from '../envelope.js'
import { FORCE_OPTION } from '../output-place.js'
import { findingCode } from '../finding-code.js'
import type { RunContext } from '../../context.js'
import type { Tee } from '../tee.js'
import { reportOption, VERDICT_KINDS, type ReportTarget } from '../report-targets.js'
import { UsageError } from '../usage-error.js'
import { summaryOf } from '../verdict-summary.js'

/** `imgtar verify`: proves archives, each on its own. */
export const verify = defineCommand({
  name: 'verify',
  summary: 'prove that archives are whole: every digest, document and tar, every fault in one run',
  positionals: {
    archive: {
      kind: 'many',
      summary: 'what to prove, or directories to look in; an unreadable one does not stop the others',
    },
  },
  options: {
    report: reportOption(VERDICT_KINDS),
    'fail-on': choice('the least severity that fails an archive', ['error', 'warning', 'note'], 'warning'),
    allow: values('accept findings of this code: they are told and counted, and fail nothing', 'CODE', findingCode),
    'strict-tar': flag('tell every construct that tar readers read differently, and who reads it how'),
    policy: values('hold images against imgtar.yaml, .dive-ci or container-structure-test files', 'FILE', asIs),
    baseline: value('the archive that a policy measures growth from', 'OLD', asIs),
    assume: values('accept layers that are missing and that this archive has: a thin archive', 'BASE', asIs),
    against: values(
      'another archive with copies of the layers: tells which files of a damaged one differ',
      'OTHER',
      asIs,
    ),
    'tar-split': values('the tar-split.json.gz of a layer: tells which files of a damaged one differ', 'FILE', asIs),
    tee: value('keep what comes down the pipe in FILE, as it comes: save and prove in one pass', 'FILE', asIs),
    force: FORCE_OPTION,
    for: values(
      'foretell what engines would do with it, several after commas: they must take it; all: compare them',
      'ENGINE',
      engineChoices,
    ),
  },
  examples: [
    ['imgtar verify app.tar', 'exit code 0 when it is whole, 1 when something is wrong, 2 when it cannot be read'],
    ['imgtar verify *.tar oci/', 'files of any format and OCI layouts; the worst one decides the exit code'],
    [
      'imgtar verify --jobs 8 --report ndjson backups/',
      'all archives below a directory, a line for each when it is done',
    ],
    ['docker save app | imgtar verify -', 'on its way, in one pass, with nothing written to disk'],
    ['docker save app | imgtar verify - --tee app.tar', 'the same, and saved on the way'],
    ['imgtar verify -q app.tar && docker load -i app.tar', 'load only what is proved'],
    ['imgtar verify --json app.tar', 'one JSON document with codes, paths, offsets and digests (docs/json.md)'],
    ['imgtar verify --report junit=verify.xml --report sarif=verify.sarif app.tar', 'for CI, and text for the log'],
    ['imgtar verify --report html=verify.html backups/', 'a page for people, in one file'],
    ['imgtar verify --fail-on error --allow TAG_INVALID app.tar', 'fail on damage only, and not on that'],
    [
      'imgtar verify --policy imgtar.yaml --baseline old.tar app.tar',
      'gates on size, files, config and waste (docs/policy.md)',
    ],
    ['imgtar verify app.thin.tar --assume base.tar', 'an archive without the layers that the other side has'],
    ['imgtar verify app.tar --against copy.tar', 'which files and bytes of a damaged layer are not what they were'],
    ['imgtar verify app.tar --for docker-28,podman', 'fail unless both would load it; docs/engines.md has all engines'],
    ['imgtar verify app.tar --for all', 'what each engine would make of it: images, tags, or why not'],
    ['imgtar help DIFFID_MISMATCH', 'what a code means and what to do'],
  ],
  async run({ operands, options, globals, context, tell }) {
    const { readPolicies } = await import('../policies.js')
    if (options.force && options.tee === undefined) throw new UsageError('--force is for the file of --tee')
    const { baseline, policy: files } = options
    const standard = { failOn: options['fail-on'], allow: options.allow }
    const request = { files, baseline, standard, globals }
    const policies = await readPolicies(request, context)
    const [{ archivesBelow, verdictsOn }, { keepPipes }, { refuseMissing }] = await Promise.all([
      import('../verdicts.js'),
      import('../kept-pipes.js'),
      import('../evidence.js'),
    ])
    const found = await archivesBelow(operands.archive, context)
    const evidence = { against: options.against, sidecars: options['tar-split'] }
    await refuseMissing(evidence)
    const shared = found.length > 1 ? [...options.assume, ...evidence.against, ...evidence.sidecars] : []
    await using keeping = await keepPipes(shared, context)
    const { kept } = keeping
    const settings = { globals, assume: options.assume, ...policies, engines: options.for.flat(), evidence, kept }
    const run = { settings, context: { ...context, strictTar: options['strict-tar'] }, tell }
    await using tee =
      options.tee === undefined ? undefined : await teed(found, { ...options, tee: options.tee }, context)
    const archives = [...(await verdictsOn(found, { ...run, given: tee && { stdin: tee.chunks } }))]
    const copy = tee === undefined ? {} : { copy: { path: options.tee ?? '', size: await tee.keep() } }
    const ok = archives.every((archive) => archive.ok)
    const { failOn } = settings.standard
    return { ...envelope('verify', ok), failOn, ...copy, archives, summary: summaryOf(archives) }
  },
})

interface Teeing {
  readonly tee: string
  readonly force: boolean
  readonly report: readonly ReportTarget[]
}

async function teed(found: readonly string[], options: Teeing, context: RunContext): Promise<Tee> {
  const [{ teeOf }, { refuseReportAt }] = await Promise.all([import('../tee.js'), import('../refuse-inputs.js')])
  const { tee, force, report } = options
  await refuseReportAt(tee, report)
  return teeOf(found, tee, { force }, context)
}
