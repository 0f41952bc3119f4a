import { FINDINGS } from '../findings.js'
import { nearest } from './nearest.js'
import { UsageError } from './usage-error.js'

/** Reads the code of a finding. Errors: UsageError for what is none, with the codes that look like it. */
export function findingCode(text: string, name: string): string {
  const code = text.toUpperCase()
  const known = Object.keys(FINDINGS)
  if (known.includes(code)) return code
  const near = codesLike(code, known)
  const hint = near.length === 0 ? 'docs/findings.md lists them' : `there are ${near.join(', ')}`
  throw new UsageError(`--${name} wants the code of a finding, not '${text}': ${hint}`)
}

/** Those of the codes that are a letter off, or else begin with the same word. */
export function codesLike(code: string, known: readonly string[]): readonly string[] {
  const mistyped = nearest(code, known)
  if (mistyped !== undefined) return [mistyped]
  const [word = ''] = code.split('_')
  return known.filter((one) => word.length > 2 && one.startsWith(word))
}
