import type { RunContext } from '../context.js'
import type { ImageArchive } from '../model/image.js'
import type { FindingCode } from '../findings.js'
import type { GivenBytes } from '../formats/stored.js'
import type { EngineChoice } from '../model/engine-names.js'
import type { VerifyReport } from '../model/report.js'
import type { Standard } from '../ops/judge.js'
import { ofOther, oneArchiveOnly, reportError } from './archive-errors.js'
import { openOperand } from './archives.js'
import type { EvidencePlaces } from './evidence.js'
import { openInputs, type Inputs } from './inputs.js'
import type { KeptPipes } from './kept-pipes.js'
import type { Asked } from './loaders.js'
import type { GlobalValues } from './options.js'
import { accessFor, heldAgainst, type PolicySettings } from './policies.js'

/** What `verify` says of one archive: plain data, so that it can come from another thread. */
export type Verdict = VerifyReport['archives'][number]

/** What verdicts depend on; plain data as well. */
export interface VerdictSettings {
  readonly globals: GlobalValues
  readonly standard: Standard
  readonly policy?: PolicySettings
  /** Operands of archives whose layers may be missing. */
  readonly assume: readonly string[]
  /** Engines whose answers are asked for. */
  readonly engines?: readonly EngineChoice[]
  /** What damaged layers are held against. */
  readonly evidence?: EvidencePlaces
  /** What came down pipes, of archives assumed and of evidence, where several archives need them. */
  readonly kept?: KeptPipes
}

// What makes it worth looking at a layer again.
const DAMAGE: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'BLOB_DIGEST_MISMATCH',
  'DIFFID_MISMATCH',
  'LAYER_CHECKSUM',
  'LAYER_COMPRESSION',
  'LAYER_TAR',
])

/** What is proved: an operand, and what comes in the place of its bytes, where that is at hand. */
export interface Candidate {
  readonly operand: string
  readonly given?: GivenBytes | undefined
}

/** Proves one archive. That it cannot be read is a verdict too. Errors: ERR_ABORTED. */
export async function verdictOn(
  candidate: Candidate,
  settings: VerdictSettings,
  context: RunContext,
): Promise<Verdict> {
  const { engines = [] } = settings
  if (engines.length === 0) return provenOr(candidate, settings, context)
  const { withLoaders } = await import('./loaders.js')
  const asking = { ...candidate, choices: engines }
  return withLoaders(asking, context, (asked) => provenOr(candidate, settings, context, asked))
}

async function provenOr(
  candidate: Candidate,
  settings: VerdictSettings,
  context: RunContext,
  asked: Asked = {},
): Promise<Verdict> {
  const { judge } = await import('../ops/judge.js')
  const { operand } = candidate
  const { engines, findings: refusals = [], given = candidate.given } = asked
  const told = engines === undefined ? {} : { engines: [...engines] }
  try {
    const proof = await proved({ operand, given }, settings, context)
    return { ...proof, ...told, ...judge([...proof.findings, ...refusals], settings.standard) }
  } catch (thrown) {
    const fault = oneArchiveOnly(thrown, context)
    const { describeFinding } = await import('../ops/describe.js')
    const { findings } = judge([...fault.findings.map(describeFinding), ...refusals], settings.standard)
    return { archive: operand, ok: false, images: [], findings, ...told, error: reportError(fault, operand) }
  }
}

async function proved(
  { operand, given }: Candidate,
  settings: VerdictSettings,
  context: RunContext,
): Promise<Omit<Verdict, 'ok'>> {
  const { globals, assume, kept = new Map() } = settings
  // Before all else: the threads load their part while this one loads the rest and opens the archive.
  const { startMeasuring } = await import('../tree/measure-threads.js')
  await using threads = await startMeasuring(operand, context)
  const [{ compare }, { measure }, { describeFinding, describeImage }] = await Promise.all([
    import('../ops/verify.js'),
    import('../ops/measure.js'),
    import('../ops/describe.js'),
  ])
  await using bases = await openInputs(assume, { globals, context, kept, access: 'once' }).catch(ofOther('the base'))
  await using opened = await openOperand(operand, { globals, context, given, access: await accessFor(settings.policy) })
  const archive = await assumed(opened, bases, context)
  const verified = compare(archive, await measure(archive, context, threads))
  const { measurements } = verified
  const findings = [...verified.findings]
  if (findings.some(({ code }) => DAMAGE.has(code))) {
    const { locateDamage } = await import('./locate-damage.js')
    findings.push(...(await locateDamage(operand, verified, { ...settings, given }, context)))
  }
  const held = await heldAgainst(settings.policy, { archive, measurements }, context)
  return {
    archive: archive.location,
    format: archive.format,
    images: archive.images.map((image) => describeImage(image, measurements)),
    findings: [...findings, ...held.findings].map(describeFinding),
    ...(settings.policy !== undefined && { checks: [...held.checks] }),
  }
}

async function assumed(archive: ImageArchive, { archives }: Inputs, context: RunContext): Promise<ImageArchive> {
  if (archives.length === 0) return archive
  const [{ assumeBases }, { withClaims }] = await Promise.all([import('../ops/assume.js'), import('../ops/claimed.js')])
  const bases = archives.flatMap(({ images }) => images)
  return assumeBases(archive, await withClaims(bases, ({ diffID }) => diffID !== undefined, context))
}
