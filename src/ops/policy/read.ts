import { bytesOf, shareOf } from './amounts.js'
import { policyDocument, policyError, type NodePath, type PolicyDocument } from './document.js'
import type { PolicyRule, RuleBody } from './rules.js'
import { diveSchema, policySchema, structureTestSchema, type PolicyFile } from './schema.js'
import { SECRET_NAMES } from './secrets.js'
import { structureTestRules } from './structure-test.js'

/** The text of a policy file, and its name for messages. */
export interface PolicyText {
  readonly file: string
  readonly text: string
}

/**
 * The rules of a policy: `imgtar.yaml`, dive's `.dive-ci` or the YAML of container-structure-test 2.0.0, told apart by
 * what is in it. Errors: ERR_POLICY with line and column.
 */
export function readPolicy({ file, text }: PolicyText): readonly PolicyRule[] {
  const document = policyDocument(text, file)
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw policyError(
      document.placeOf([]),
      'a policy is a map of gates: integrity, size, structure, config, efficiency',
    )
  }
  if ('rules' in value) return diveRules(document)
  if ('schemaVersion' in value) return structureTestRules(document, document.checked(structureTestSchema))
  return imgtarRules(document)
}

type Add = (gate: PolicyRule['gate'], path: NodePath, body: RuleBody, detail?: string) => void

function imgtarRules(document: PolicyDocument): readonly PolicyRule[] {
  const policy = document.checked(policySchema)
  const rules: PolicyRule[] = []
  const add: Add = (gate, path, body, detail) => {
    const name = [gate, ...path]
      .map(String)
      .filter((part) => !/^\d+$/.test(part))
      .join('.')
    rules.push({
      gate,
      name: detail === undefined ? name : `${name} ${detail}`,
      place: document.placeOf([gate, ...path]),
      body,
    })
  }
  integrityRules(policy, add)
  sizeRules(policy, add)
  structureRules(policy, add)
  configRules(policy, add)
  for (const [name, limit] of Object.entries(policy.efficiency ?? {})) {
    if (limit !== undefined) add('efficiency', [name], efficiencyBody(name, limit))
  }
  return rules
}

function integrityRules({ integrity = {} }: PolicyFile, add: Add): void {
  const { 'fail-on': failOn, allow } = integrity
  if (failOn !== undefined) add('integrity', ['fail-on'], { kind: 'fail-on', failOn })
  if (allow !== undefined) add('integrity', ['allow'], { kind: 'allow', codes: allow })
}

function sizeRules({ size = {} }: PolicyFile, add: Add): void {
  for (const kind of ['total', 'stored', 'layer'] as const) {
    const text = size[kind]
    if (text !== undefined) add('size', [kind], { kind, most: bytesOf(text) ?? 0 })
  }
  if (size.layers !== undefined) add('size', ['layers'], { kind: 'layers', most: size.layers })
  if (size.growth === undefined) return
  const bytes = bytesOf(size.growth)
  const percent = Number.parseFloat(String(size.growth))
  const body =
    bytes === undefined ? { most: percent, unit: 'percent' as const } : { most: bytes, unit: 'bytes' as const }
  add('size', ['growth'], { kind: 'growth', ...body })
}

function structureRules({ structure = {} }: PolicyFile, add: Add): void {
  for (const kind of ['required', 'forbidden'] as const) {
    for (const [index, pattern] of (structure[kind] ?? []).entries()) {
      add('structure', [kind, index], { kind, pattern }, pattern)
    }
  }
  const { owners, setuid, secrets } = structure
  if (owners !== undefined) add('structure', ['owners'], { kind: 'owners', owners: owners.map(String) })
  if (setuid !== undefined) {
    add('structure', ['setuid'], { kind: 'setuid', allowed: setuid === 'forbidden' ? [] : setuid })
  }
  if (secrets !== undefined) {
    add('structure', ['secrets'], { kind: 'secrets', patterns: secrets === 'forbidden' ? SECRET_NAMES : secrets })
  }
}

function configRules({ config = {} }: PolicyFile, add: Add): void {
  const { user, labels, 'forbidden-env': env = [] } = config
  if (user !== undefined) {
    add('config', ['user'], user === 'not-root' ? { kind: 'not-root' } : { kind: 'user', value: user })
  }
  for (const [index, pattern] of env.entries()) {
    add('config', ['forbidden-env', index], { kind: 'no-env', pattern }, pattern)
  }
  if (Array.isArray(labels)) {
    for (const [index, key] of labels.entries()) add('config', ['labels', index], { kind: 'label', key }, key)
    return
  }
  for (const [key, value] of Object.entries(labels ?? {})) {
    add('config', ['labels', key], { kind: 'label', key, expected: { value, isRegex: true } })
  }
}

function diveRules(document: PolicyDocument): readonly PolicyRule[] {
  const { rules } = document.checked(diveSchema)
  return Object.entries(rules).flatMap(([name, limit]): PolicyRule[] => {
    if (limit === undefined || limit === 'disabled') return []
    const place = document.placeOf(['rules', name])
    return [{ gate: 'efficiency', name: `efficiency.${name}`, place, body: efficiencyBody(name, limit) }]
  })
}

const EFFICIENCY = ['lowestEfficiency', 'highestWastedBytes', 'highestUserWastedPercent'] as const

function efficiencyBody(name: string, limit: string | number): RuleBody {
  const plain = name.replaceAll('-', '').toLowerCase()
  const found = EFFICIENCY.find((one) => one.toLowerCase() === plain) ?? 'lowestEfficiency'
  const amount = found === 'highestWastedBytes' ? bytesOf(limit) : shareOf(limit)
  return { kind: 'efficiency', name: found, limit: amount ?? 0 }
}
