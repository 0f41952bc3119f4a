import type { RunContext } from '../../context.js'
import type { Finding, FindingCode } from '../../findings.js'
import type { Image, ImageArchive } from '../../model/image.js'
import type { Gate, PolicyCheck } from '../../model/report-policy.js'
import { efficiencyRules } from '../efficiency.js'
import type { Standard } from '../judge.js'
import type { Measurements } from '../measure.js'
import { kept, type Answer } from './answer.js'
import { configAnswer } from './config-rules.js'
import { imageFacts, totalOf, type Baseline, type ImageFacts } from './facts.js'
import type { PolicyRule } from './rules.js'
import { sizeAnswer } from './size-rules.js'
import { structureAnswer } from './structure-rules.js'

export type { Baseline } from './facts.js'
export { readPolicy } from './read.js'
export { needContents, type PolicyRule } from './rules.js'

/** What rules are held against. */
export interface PolicyInput {
  readonly archive: ImageArchive
  readonly measurements: Measurements
  readonly baseline?: Baseline | undefined
}

/** What came of a policy. */
export interface PolicyResult {
  /** Each rule for each image, in the order of the rules. */
  readonly checks: readonly PolicyCheck[]
  /** One for each rule that is broken or could not be tried. */
  readonly findings: readonly Finding[]
}

const CODES: Record<Exclude<Gate, 'integrity'>, FindingCode> = {
  config: 'POLICY_CONFIG',
  efficiency: 'POLICY_EFFICIENCY',
  size: 'POLICY_SIZE',
  structure: 'POLICY_STRUCTURE',
}

/**
 * Holds every image of an archive against rules. Those on integrity set the standard (see standardOf) and are left out
 * here. Errors: those of mergedTree.
 */
export async function applyPolicy(
  rules: readonly PolicyRule[],
  { archive, measurements, baseline }: PolicyInput,
  context: RunContext,
): Promise<PolicyResult> {
  const checks: PolicyCheck[] = []
  const findings: Finding[] = []
  const images = archive.images.map((image) => ({
    name: archive.images.length > 1 ? nameOf(image) : undefined,
    facts: imageFacts({ image, archive: archive.location, context, measurements, baseline }),
  }))
  for (const { gate, name, place, body } of rules) {
    if (gate === 'integrity') continue
    for (const { name: image, facts } of images) {
      const answer = await answerTo({ gate, name, place, body }, facts)
      const isSkipped = body.kind === 'skipped'
      const ofImage = image === undefined ? {} : { image }
      checks.push({ gate, rule: name, ...answer, ...(isSkipped && { skipped: true }), ...ofImage, policy: place })
      if (answer.ok && !isSkipped) continue
      const of = image === undefined ? '' : ` of ${image}`
      const message = `${name}${of}: ${answer.message} (${place.file}:${place.line})`
      findings.push({ code: isSkipped ? 'POLICY_SKIPPED' : CODES[gate], message, where: { archive: archive.location } })
    }
  }
  return { checks, findings }
}

async function answerTo({ body }: PolicyRule, facts: ImageFacts): Promise<Answer> {
  switch (body.kind) {
    case 'total':
    case 'stored':
    case 'layer':
    case 'layers':
    case 'growth':
      return sizeAnswer(body, facts)
    case 'required':
    case 'forbidden':
    case 'owners':
    case 'setuid':
    case 'secrets':
    case 'file':
    case 'content':
      return structureAnswer(body, facts)
    case 'efficiency': {
      const [rule] = efficiencyRules(await facts.efficiency(), { [body.name]: body.limit })
      const amounts = rule === undefined ? 'unknown' : besideLimit(rule.value, body.limit)
      return { ok: rule?.ok === true, message: `${body.name} is ${amounts}` }
    }
    case 'skipped':
      return kept(`not run: ${body.why}`)
    case 'fail-on':
    case 'allow':
      return kept('')
    default:
      return configAnswer(body, facts)
  }
}

/** Both with as many digits as anyone reads, or with all where they would look alike. */
function besideLimit(value: number, limit: number): string {
  const [shown, bound] = [Number(value.toFixed(4)), Number(limit.toFixed(4))]
  return shown === bound ? `${value}, the limit is ${limit}` : `${shown}, the limit is ${bound}`
}

/** The standard that rules on integrity make of another one: the policy's severity counts, its codes are added. */
export function standardOf(rules: readonly PolicyRule[], standard: Standard): Standard {
  return rules.reduce<Standard>((soFar, { body }) => {
    if (body.kind === 'fail-on') return { ...soFar, failOn: body.failOn }
    return body.kind === 'allow' ? { ...soFar, allow: [...soFar.allow, ...body.codes] } : soFar
  }, standard)
}

/** The sizes of the images of an archive, for rules on growth. */
export function baselineOf(archive: ImageArchive, measurements: Measurements): Baseline {
  const images = archive.images.map((image) => ({ names: image.names, total: totalOf(image, measurements) }))
  return { archive: archive.location, images }
}

function nameOf({ names, configSource, path }: Image): string {
  return names[0] ?? (configSource.kind === 'stored' ? configSource.document.digest : path)
}
