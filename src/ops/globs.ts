import picomatch from 'picomatch'
import { ArchiveError } from '../errors.js'
import { displayPath, latin1Bytes } from '../tar/path.js'

/** Patterns over whole paths of an image, which remember whether they were of use. */
export interface Globs {
  /** Whether one of them matches a path of a tree (one latin1 character a byte, no slash before it). */
  readonly matches: (key: string) => boolean
  /** Errors: ERR_NOT_FOUND for a pattern that has matched nothing so far. */
  readonly refuseUnused: (location: string) => void
}

/** Patterns as picomatch reads them, `*` matching dots too; a path matches as well what is it letter by letter. */
export function globs(patterns: readonly string[]): Globs {
  const matchers = patterns.map((pattern) => ({ pattern, isMatch: matcher(pattern), isUsed: false }))
  return {
    matches(key) {
      const path = displayPath(latin1Bytes(key))
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

function matcher(glob: string): (path: string) => boolean {
  const pattern = glob.replace(/^\/+/, '').replace(/(?<=[^/])\/+$/, '')
  const isMatch = picomatch(pattern, { dot: true, nonegate: true })
  return (path) => path === pattern || isMatch(path)
}
