import { chunked, type Blocks } from '../bytes/blocks.js'
import { gathered, type Piece } from '../bytes/gather.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import { paddingOf, TAR_END_BYTES } from '../tar/write.js'
import type { FileContents } from './file-contents.js'
import type { Inode } from './node.js'
import type { TarMember } from './tar-members.js'

/**
 * The bytes of a tar of these members, its end marker too. Errors: ERR_LIMIT for a sparse file that is out of proportion,
 * ERR_TRUNCATED, ERR_IO.
 */
export function tarBlocks(members: Iterable<TarMember>, contents: FileContents, context: RunContext): Blocks {
  return gathered(pieces(members, contents, context), context.signal)
}

/** `tarBlocks` in chunks that are valid until the next is asked for. Errors: the same. */
export function tarBytes(
  members: Iterable<TarMember>,
  contents: FileContents,
  context: RunContext,
): AsyncGenerator<Uint8Array, void> {
  return chunked(tarBlocks(members, contents, context))
}

function* pieces(members: Iterable<TarMember>, contents: FileContents, { limits }: RunContext): Generator<Piece, void> {
  for (const { header, content } of members) {
    yield { kind: 'bytes', bytes: header }
    if (content === undefined) continue
    yield* contentPieces(content, contents, limits)
    const padding = paddingOf(content.size)
    if (padding > 0) yield { kind: 'zeros', length: padding }
  }
  yield { kind: 'zeros', length: TAR_END_BYTES }
}

// As for hashing: small holes do no harm.
const HOLES_COUNT_FROM = 64 * 1024 * 1024

/** The logical content of a file: `inode.size` bytes, the holes of a sparse one as zeros. Errors: ERR_LIMIT. */
export function* contentPieces(
  inode: Inode,
  contents: FileContents,
  limits: RunContext['limits'],
): Generator<Piece, void> {
  const place = inode.content.length === 0 ? undefined : contents.of(inode)
  if (inode.sparse === undefined) {
    if (place !== undefined) {
      yield { kind: 'range', source: place.source, offset: place.offset, length: inode.size }
    }
    return
  }
  refuseHoles(inode, limits)
  let [at, stored] = [0, place?.offset ?? 0]
  for (const region of inode.sparse) {
    if (region.offset > at) yield { kind: 'zeros', length: region.offset - at }
    if (place !== undefined && region.length > 0) {
      yield { kind: 'range', source: place.source, offset: stored, length: region.length }
    }
    stored += region.length
    at = region.offset + region.length
  }
  if (inode.size > at) yield { kind: 'zeros', length: inode.size - at }
}

function refuseHoles({ size, content, layer }: Inode, limits: RunContext['limits']): void {
  if (size <= Math.max(HOLES_COUNT_FROM, limits.ratio * content.length)) return
  const message = `a sparse file of layer ${layer}: ${content.length} stored bytes stand for ${size}`
  throw new ArchiveError('ERR_LIMIT', message, { hint: '--limit-ratio raises the limit' })
}
