import { parseReference, type Reference } from '../../model/reference.js'

/** What distribution/reference says of a name that it cannot parse; `new` since docker 23, which names the part. */
export function referenceFault(name: string, words: 'old' | 'new'): string | undefined {
  if (parseReference(name) !== undefined) return undefined
  if (/^[a-f0-9]{64}$/.test(name)) {
    return `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`
  }
  const [named = name] = name.split('@')
  const slash = named.indexOf('/')
  const remote = /^[^/]*[.:A-Z][^/]*\//.test(named) ? named.slice(slash + 1) : named
  const repository = remote.replace(/:[^/]*$/, '')
  if (
    repository === repository.toLowerCase() ||
    parseReference(name.replace(repository, repository.toLowerCase())) === undefined
  ) {
    return 'invalid reference format'
  }
  const shown = words === 'new' ? ` (${repository})` : ''
  return `invalid reference format: repository name${shown} must be lowercase`
}

/** The name as one with a tag and without a digest; undefined where it is another. */
export function taggedReference(name: string): Reference | undefined {
  const reference = parseReference(name)
  return reference?.tag === undefined || reference.digest !== undefined ? undefined : reference
}
