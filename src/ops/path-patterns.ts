import { displayKey } from '../tar/path.js'
import { pathMatcher, type PathMatcher } from './path-matcher.js'

/** Whether a path, one latin1 character a byte, is one that patterns exclude. */
export type PathFilter = (path: string, isDirectory: boolean) => boolean

interface Pattern {
  readonly negated: boolean
  readonly onlyDirectories: boolean
  readonly matches: PathMatcher
}

/**
 * A filter for patterns as in a .gitignore file: without a slash inside they mean a name at any depth, a slash at the end
 * means directories only, `!` takes back; what lies in an excluded directory is excluded, and the last pattern that
 * matches decides.
 */
export function pathFilter(patterns: readonly string[]): PathFilter {
  const read = patterns.flatMap(readPattern)
  if (read.length === 0) return () => false
  const excluded = (path: string, isDirectory: boolean): boolean => {
    const parent = path.lastIndexOf('/')
    if (parent > 0 && within(path.slice(0, parent))) return true
    return last(read, path, isDirectory)
  }
  // Paths of one directory come one after the other.
  let [known, answer] = ['', false]
  const within = (directory: string): boolean => {
    if (directory !== known) [known, answer] = [directory, excluded(directory, true)]
    return answer
  }
  return (path, isDirectory) => excluded(displayKey(path), isDirectory)
}

function last(patterns: readonly Pattern[], path: string, isDirectory: boolean): boolean {
  const found = patterns.findLast((one) => (isDirectory || !one.onlyDirectories) && one.matches(path))
  return found !== undefined && !found.negated
}

function readPattern(text: string): readonly Pattern[] {
  const negated = text.startsWith('!')
  const bare = negated ? text.slice(1) : text
  const onlyDirectories = bare.endsWith('/')
  const name = onlyDirectories ? bare.slice(0, -1) : bare
  if (name === '') return []
  const anchored = name.includes('/') ? name.replace(/^\//, '') : `**/${name}`
  return [{ negated, onlyDirectories, matches: pathMatcher(anchored) }]
}
