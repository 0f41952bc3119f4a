import type { Severity } from '../../findings.js'
import type { Gate } from '../../model/report-policy.js'
import type { EfficiencyReport } from '../../model/report-waste.js'

/** Where a rule stands. */
export interface RulePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A text of the config that is compared as it is, or with a regular expression. */
export interface Expected {
  readonly value: string
  readonly isRegex: boolean
}

/** What a rule asks; plain data, so that it can go to other threads. */
export type RuleBody =
  | { readonly kind: 'fail-on'; readonly failOn: Severity }
  | { readonly kind: 'allow'; readonly codes: readonly string[] }
  | { readonly kind: 'total' | 'stored' | 'layer'; readonly most: number }
  | { readonly kind: 'layers'; readonly most: number }
  | { readonly kind: 'growth'; readonly most: number; readonly unit: 'bytes' | 'percent' }
  | { readonly kind: 'required' | 'forbidden'; readonly pattern: string }
  | { readonly kind: 'owners'; readonly owners: readonly string[] }
  | { readonly kind: 'setuid'; readonly allowed: readonly string[] }
  | { readonly kind: 'secrets'; readonly patterns: readonly string[] }
  | {
      readonly kind: 'file'
      readonly path: string
      readonly exists: boolean
      readonly permissions?: string | undefined
      readonly uid?: number | undefined
      readonly gid?: number | undefined
      readonly executableBy?: 'owner' | 'group' | 'other' | 'any' | undefined
    }
  | {
      readonly kind: 'content'
      readonly path: string
      readonly expected: readonly string[]
      readonly excluded: readonly string[]
    }
  | { readonly kind: 'not-root' }
  | { readonly kind: 'user' | 'workdir'; readonly value: string }
  | { readonly kind: 'no-env'; readonly pattern: string }
  | { readonly kind: 'env' | 'label'; readonly key: string; readonly expected?: Expected | undefined }
  | { readonly kind: 'entrypoint' | 'cmd'; readonly value: readonly string[] }
  | { readonly kind: 'port' | 'volume'; readonly name: string; readonly present: boolean }
  | { readonly kind: 'efficiency'; readonly name: EfficiencyReport['rules'][number]['rule']; readonly limit: number }
  | { readonly kind: 'skipped'; readonly why: string }

/** One rule of a policy. */
export interface PolicyRule {
  readonly gate: Gate
  /** As reports call it: `size.total`, `structure.forbidden **\/*.pem`. */
  readonly name: string
  readonly place: RulePlace
  readonly body: RuleBody
}

const OF_TREES: ReadonlySet<RuleBody['kind']> = new Set([
  'required',
  'forbidden',
  'owners',
  'setuid',
  'secrets',
  'file',
  'content',
  'efficiency',
])

/** Whether rules ask for what is in the layers, so that those must be readable again. */
export function needContents(rules: readonly PolicyRule[]): boolean {
  return rules.some(({ body }) => OF_TREES.has(body.kind))
}
