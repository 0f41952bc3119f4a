import { digestKind } from '../bytes/digest.js'

/** A parsed image name, fully qualified. */
export interface Reference {
  /** `docker.io` where the text names none. */
  readonly registry: string
  /** With `library/` where docker adds it. */
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const REGISTRY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const MOST_NAME = 255

/**
 * Parses an image name as docker does (distribution/reference, ParseNormalizedNamed): undefined where docker refuses it.
 * A bare 64-digit hex name is refused too, since it would be taken for an ID.
 */
export function parseReference(text: string): Reference | undefined {
  if (/^[a-f0-9]{64}$/.test(text)) return undefined
  const [named, digest] = cutDigest(text)
  const slash = named.lastIndexOf('/')
  const colon = named.indexOf(':', slash + 1)
  const name = colon < 0 ? named : named.slice(0, colon)
  const tag = colon < 0 ? undefined : named.slice(colon + 1)
  if (digest !== undefined && digestKind(digest) === 'invalid') return undefined
  if (tag !== undefined && !TAG.test(tag)) return undefined
  const parts = splitRegistry(name)
  if (!REGISTRY.test(parts.registry) || !REPOSITORY.test(parts.repository)) return undefined
  if (parts.registry.length + 1 + parts.repository.length > MOST_NAME) return undefined
  return { ...parts, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
}

function cutDigest(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('@')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

// The first component is a registry iff it has a dot or colon, is localhost, or has upper-case letters.
function splitRegistry(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isRegistry = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const registry = isRegistry ? first : 'docker.io'
  const repository = isRegistry ? name.slice(slash + 1) : name
  const official = registry === 'docker.io' || registry === 'index.docker.io'
  return {
    registry: official ? 'docker.io' : registry,
    repository: official && !repository.includes('/') ? `library/${repository}` : repository,
  }
}

/** The name as docker prints it: without `docker.io/` and `library/`, with tag or digest. */
export function familiarName(reference: Reference): string {
  const { registry, repository, tag, digest } = reference
  const short = registry === 'docker.io' ? repository.replace(/^library\/(?=[^/]+$)/, '') : `${registry}/${repository}`
  return `${short}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** The full name: registry, repository, tag, digest. */
export function canonicalName(reference: Reference): string {
  const { registry, repository, tag, digest } = reference
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** The familiar form of a name that parses, with `:latest` where it has neither tag nor digest; others as they are. */
export function familiarTagged(text: string): string {
  const reference = parseReference(text)
  if (reference === undefined) return text
  const whole =
    reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference
  return familiarName(whole)
}
