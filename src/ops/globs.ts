import { ArchiveError } from '../errors.js'
import { displayKey } from '../tar/path.js'
import { pathMatcher, type PathMatcher } from './path-matcher.js'

/** Patterns over whole paths of an image, which remember whether they were of use. */
export interface Globs {
  /** Whether one of them matches a path of a tree (one latin1 character a byte, no slash before it). */
  readonly matches: (key: string) => boolean
  /** Errors: ERR_NOT_FOUND for a pattern that has matched nothing so far. */
  readonly refuseUnused: (location: string) => void
}

/**
 * Patterns over whole paths, with a slash before and behind them or not; a path matches as well what is it letter by
 * letter, and `/` stands for all there is. Errors: ERR_USAGE for an empty pattern, and one that is too long.
 */
export function globs(patterns: readonly string[]): Globs {
  const matchers = patterns.map((pattern) => ({ pattern, isMatch: matcher(pattern), isUsed: false }))
  return {
    matches(key) {
      const path = displayKey(key)
      let found = false
      for (const one of matchers) {
        if (!one.isMatch(path)) continue
        one.isUsed = true
        found = true
      }
      return found
    },
    refuseUnused(location) {
      const unused = matchers.find(({ isUsed }) => !isUsed)
      if (unused === undefined) return
      throw new ArchiveError('ERR_NOT_FOUND', `nothing in the image matches ${JSON.stringify(unused.pattern)}`, {
        location,
        hint: "patterns match whole paths: '**/*.conf' for names in any directory",
      })
    },
  }
}

function matcher(glob: string): PathMatcher {
  if (glob === '') throw new ArchiveError('ERR_USAGE', 'a pattern is empty', { hint: "'/' stands for everything" })
  const pattern = glob.replace(/^(?:\.?\/)+/, '').replace(/(?<=[^/])\/+$/, '')
  if (pattern === '' || pattern === '.') return () => true
  const isMatch = pathMatcher(pattern)
  return (path) => path === pattern || isMatch(path)
}
