import { posix } from 'node:path'

/** path.Clean of Go: no slash at the end, `.` for nothing. */
export function goClean(name: string): string {
  const clean = isPlain(name) ? name : posix.normalize(name)
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
}

/** Nothing to clean but a slash at the end: most names are like this, and need no copy. */
function isPlain(name: string): boolean {
  return name !== '' && name[0] !== '/' && name[0] !== '.' && !name.includes('//') && !name.includes('/.')
}
