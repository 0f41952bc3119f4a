import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Standard } from '../ops/judge.js'
import type { Baseline, PolicyInput, PolicyResult, PolicyRule } from '../ops/policy/index.js'
import { openBytes, openOperand } from './archives.js'
import type { GlobalValues } from './options.js'
import { UsageError } from './usage-error.js'

/** What archives are held against beside their own claims; plain data. */
export interface PolicySettings {
  readonly rules: readonly PolicyRule[]
  readonly baseline: Baseline | undefined
}

/** What the command line says of policies. */
export interface PolicyRequest {
  readonly files: readonly string[]
  /** The operand of the archive that growth is measured from. */
  readonly baseline: string | undefined
  readonly standard: Standard
  readonly globals: GlobalValues
}

/**
 * Reads policy files and measures the baseline; with the standard that the policies make of the one given. Errors:
 * ERR_POLICY with line and column, ERR_NOT_FOUND, ERR_IO, those of opening the baseline, and UsageError for one without a
 * policy.
 */
export async function readPolicies(
  { files, baseline, standard, globals }: PolicyRequest,
  context: RunContext,
): Promise<{ readonly standard: Standard; readonly policy?: PolicySettings }> {
  if (files.length === 0) {
    if (baseline !== undefined) throw new UsageError('--baseline is what a policy measures growth from: give --policy')
    return { standard }
  }
  const { readPolicy, standardOf } = await import('../ops/policy/index.js')
  const rules: PolicyRule[] = []
  for (const file of files) rules.push(...readPolicy({ file, text: await textOf(file, context) }))
  const measured = baseline === undefined ? undefined : await baselineFrom(baseline, globals, context)
  return { standard: standardOf(rules, standard), policy: { rules, baseline: measured } }
}

async function textOf(file: string, context: RunContext): Promise<string> {
  await using source = await openBytes(file, context)
  const { size } = source
  if (size > context.limits.json) {
    const hint = 'raise it with --limit-json'
    throw new ArchiveError('ERR_LIMIT', `a policy of ${size} bytes is over the limit`, { location: file, hint })
  }
  return new TextDecoder().decode(await source.read({ offset: 0, length: size }, context.signal))
}

async function baselineFrom(operand: string, globals: GlobalValues, context: RunContext): Promise<Baseline> {
  const [{ measure }, { baselineOf }] = await Promise.all([
    import('../ops/measure.js'),
    import('../ops/policy/index.js'),
  ])
  await using archive = await openOperand(operand, { globals, context, access: 'once' })
  return baselineOf(archive, await measure(archive, context))
}

/** How an archive must be opened, so that rules can ask what is in its layers. */
export async function accessFor(policy: PolicySettings | undefined): Promise<'once' | 'random'> {
  if (policy === undefined) return 'once'
  const { needContents } = await import('../ops/policy/index.js')
  return needContents(policy.rules) ? 'random' : 'once'
}

/** Holds an archive against the policies, where there are any. */
export async function heldAgainst(
  policy: PolicySettings | undefined,
  input: Omit<PolicyInput, 'baseline'>,
  context: RunContext,
): Promise<PolicyResult> {
  if (policy === undefined) return { checks: [], findings: [] }
  const { applyPolicy } = await import('../ops/policy/index.js')
  return applyPolicy(policy.rules, { ...input, baseline: policy.baseline }, context)
}
