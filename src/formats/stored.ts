import { pipeAt } from '../bytes/pipe.js'
import { chunksOf, fileSource, type ByteSource, type OpenSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'

/** Bytes to read in place of those that a path names. */
export interface GivenBytes {
  /** What passes once: standard input for `-`, or a pipe. */
  readonly stdin?: AsyncIterable<Uint8Array>
  /** What can be read anywhere; it stays the caller's to close. */
  readonly source?: ByteSource
}

/** Whether the bytes are given, so that the path is but their name. */
export function isGiven(path: string, { stdin, source }: GivenBytes): boolean {
  return path === '-' || stdin !== undefined || source !== undefined
}

/** An archive as it is stored: bytes that can be read anywhere, or bytes that pass once. */
export type Stored =
  | { readonly kind: 'source'; readonly source: OpenSource }
  | { readonly kind: 'pipe'; readonly chunks: AsyncIterable<Uint8Array> }

/** Opens a file or a pipe; `-` is what is given. Errors: ERR_NOT_FOUND, ERR_IO, ERR_USAGE where nothing is given for `-`. */
export async function openStored(path: string, { signal }: RunContext, given: GivenBytes = {}): Promise<Stored> {
  const { source, stdin } = given
  if (source !== undefined) {
    return { kind: 'source', source: { ...source, [Symbol.asyncDispose]: () => Promise.resolve() } }
  }
  const chunks = stdin ?? (path === '-' ? undefined : await pipeAt(path, signal))
  if (chunks !== undefined) return { kind: 'pipe', chunks }
  if (path === '-') throw new ArchiveError('ERR_USAGE', 'there is no standard input to read')
  return { kind: 'source', source: await fileSource(path) }
}

/** The stored bytes in their order, to be read once. */
export function chunksOfStored(stored: Stored, { signal }: RunContext): AsyncIterable<Uint8Array> {
  return stored.kind === 'pipe' ? stored.chunks : chunksOf(stored.source, signal)
}

/** Closes what stands open; a pipe closes when its reader leaves it. */
export async function closeStored(stored: Stored): Promise<void> {
  if (stored.kind === 'source') await stored.source[Symbol.asyncDispose]()
}
