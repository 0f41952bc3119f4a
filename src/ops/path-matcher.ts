import picomatch from 'picomatch'
import { ArchiveError } from '../errors.js'

/** Whether a path without a slash before it, as people read it, is what a pattern means. */
export type PathMatcher = (path: string) => boolean

/**
 * A pattern over whole paths, as picomatch reads it: `*` takes dots too, `!` before it means nothing, and `dir/**` is what
 * is in the directory and not the directory, as in a .gitignore. The empty pattern matches the root, whose path is empty.
 * Errors: ERR_USAGE for one that is too long.
 */
export function pathMatcher(pattern: string): PathMatcher {
  if (pattern === '') return (path) => path === ''
  try {
    // Its strict slashes are what keeps `dir/**` from taking the directory; paths have none at their end.
    const isMatch = picomatch(pattern, { dot: true, nonegate: true, strictSlashes: true })
    return (path) => isMatch(path)
  } catch (cause) {
    throw new ArchiveError('ERR_USAGE', `${JSON.stringify(pattern.slice(0, 40))}… is too long for a pattern`, { cause })
  }
}
