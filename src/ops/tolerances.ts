/** A set of differences that has a name: what `docker export` adds and loses. */
export type Profile = 'docker-export'

/** Differences that do not count, by the names that diffoci gave them. */
export interface Tolerances {
  /** mtimes of files. */
  readonly fileTimestamps?: boolean
  /** `created` of the config and of history steps. */
  readonly imageTimestamps?: boolean
  /** The order of entries in a layer. */
  readonly fileOrder?: boolean
  readonly history?: boolean
  readonly imageName?: boolean
  /** How a layer writes the same entries: USTAR, PAX or GNU, padding, redundant mode bits, the spelling of paths. */
  readonly tarFormat?: boolean
  /** Patterns as in a .gitignore file. */
  readonly ignore?: readonly string[]
  readonly profile?: Profile
}

/** How many differences each tolerance hid. */
export interface Ignored {
  add(rule: string, what: string, count?: number): void
  /** By rule, in the order of their names. */
  rows(): { rule: string; what: string; count: number }[]
}

/** An empty count. */
export function ignoredCounts(): Ignored {
  const counts = new Map<string, { rule: string; what: string; count: number }>()
  return {
    add(rule, what, count = 1) {
      const key = `${rule}\n${what}`
      const row = counts.get(key)
      if (row === undefined) counts.set(key, { rule, what, count })
      else row.count += count
    },
    rows: () => [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  }
}
