import { lstat } from 'node:fs/promises'
import { ArchiveError } from '../errors.js'

/** Ways to say what a path holds, as containers-transports(5) names them. */
export const TRANSPORTS = ['docker-archive', 'oci', 'oci-archive', 'rootfs', 'docker-root'] as const

/** One of them. */
export type Transport = (typeof TRANSPORTS)[number]

/** Which image of an archive: by name or digest, by its place in the archive, or that of a container of a data-root. */
export type ImageChoice =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'container'; readonly container: string }

/** `[transport:]path[:ref|:@n]`, taken apart. */
export interface Operand {
  /** As the user wrote it. */
  readonly text: string
  readonly transport?: Transport
  /** `-` is standard input. */
  readonly path: string
  readonly choice?: ImageChoice
}

/**
 * Takes an operand apart. A path that exists wins over splitting at a colon; with a transport the path ends at the first
 * colon behind which a reference can stand (containers-transports(5)). Errors: ERR_REFERENCE for an odd `:@n`, and for nothing behind the colon.
 */
export async function parseOperand(text: string): Promise<Operand> {
  if (await exists(text)) return { text, path: text }
  const transport = TRANSPORTS.find((name) => text.startsWith(`${name}:`))
  const rest = transport === undefined ? text : text.slice(transport.length + 1)
  const { path, choice } = await splitPath(rest)
  return { text, path, ...(transport && { transport }), ...(choice && { choice }) }
}

async function splitPath(text: string): Promise<{ path: string; choice?: ImageChoice }> {
  if (text === '-' || (await exists(text))) return { path: text }
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    const path = text.slice(0, colon)
    if (path === '-' || (await exists(path))) return { path, choice: parseChoice(text.slice(colon + 1)) }
  }
  const colon = text.indexOf(':')
  return colon < 0 ? { path: text } : { path: text.slice(0, colon), choice: parseChoice(text.slice(colon + 1)) }
}

const CONTAINER = '@container='

function parseChoice(text: string): ImageChoice {
  if (text !== '' && !text.startsWith('@')) return { kind: 'name', name: text }
  if (text.startsWith(CONTAINER)) return { kind: 'container', container: text.slice(CONTAINER.length) }
  const index = Number(text.slice(1))
  if (/^@\d+$/.test(text) && Number.isSafeInteger(index)) return { kind: 'index', index }
  if (/^@[a-z0-9]+:[a-f0-9]+$/.test(text)) return { kind: 'name', name: text.slice(1) }
  throw new ArchiveError('ERR_REFERENCE', `':${text}' chooses no image`, {
    hint: 'write :name:tag, or :@0 for the first image',
  })
}

async function exists(path: string): Promise<boolean> {
  if (path === '') return false
  return lstat(path).then(
    () => true,
    () => false,
  )
}
