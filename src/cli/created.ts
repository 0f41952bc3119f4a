import { UsageError } from './usage-error.js'
import type { Environment } from './surroundings.js'

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Reads a time as RFC 3339 or seconds since 1970; gives RFC 3339. Errors: UsageError. */
export function timeText(text: string, name: string): string {
  if (/^\d{1,11}$/.test(text)) return fromSeconds(Number(text))
  if (RFC3339.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw new UsageError(`--${name} wants a time as 2026-01-02T03:04:05Z, or seconds since 1970, not '${text}'`)
}

/** SOURCE_DATE_EPOCH as RFC 3339 (reproducible-builds.org); undefined where it is not set. Errors: UsageError. */
export function sourceDate({ SOURCE_DATE_EPOCH: epoch = '' }: Environment): string | undefined {
  if (epoch === '') return undefined
  if (!/^\d{1,11}$/.test(epoch)) throw new UsageError(`SOURCE_DATE_EPOCH wants seconds since 1970, not '${epoch}'`)
  return fromSeconds(Number(epoch))
}

function fromSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
