import { ERROR_CODES } from '../errors.js'
import { ruleOf } from '../findings.js'

/** What a finding or error code means; undefined for a text that is neither. */
export function explain(code: string): string | undefined {
  const finding = ruleOf(code)
  if (finding !== undefined) return `${code} (${finding.severity})\n${finding.title}.\n${finding.help}\n`
  const meaning = Object.entries(ERROR_CODES).find(([name]) => name === code)?.[1]
  return meaning === undefined ? undefined : `${code} (the archive could not be read)\n${meaning}\n`
}
