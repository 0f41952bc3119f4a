/** Whether an image keeps a rule, and what was found. */
export interface Answer {
  readonly ok: boolean
  readonly message: string
}

/** The rule is kept. */
export function kept(message: string): Answer {
  return { ok: true, message }
}

/** The rule is broken. */
export function failed(message: string): Answer {
  return { ok: false, message }
}

const MOST_NAMED = 5

/** Names for a message: the first few, and how many more. */
export function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Broken by what these names stand for, kept where there are none. */
export function noneOf(names: readonly string[], what: string): Answer {
  return names.length === 0 ? kept(`no ${what}`) : failed(`${what}: ${named(names)}`)
}
