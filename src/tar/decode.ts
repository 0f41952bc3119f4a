import type { Limits } from '../context.js'
import { oddityTeller, type OddityTeller, type TarOddity } from './differences.js'
import { TarStop, type TarEnd, type TarFault } from './end.js'
import type { TarEntry } from './entry.js'
import { entryOf, globalEntryOf, memberOf, type MemberFields, type SparseFields } from './fields.js'
import { BLOCK, hasChecksum, isZero, readHeader, type HeaderFields } from './header.js'
import { addMeta, isGlobal, isMeta, metaSize, NO_META, type Meta } from './meta.js'
import { displayPath } from './path.js'
import {
  checkCount,
  checkRegions,
  mapReader,
  readMapBlock,
  readMapRecord,
  readPaxSparse,
  readRealSize,
} from './sparse.js'

/** What the decoder needs next. */
export type TarRequest =
  /** Answered with that many bytes, fewer only at the end of the input; they are looked at before the next request. */
  | { readonly want: 'bytes'; readonly length: number }
  /** Answered with the number of bytes there were, fewer only at the end of the input. */
  | { readonly want: 'skip'; readonly length: number; readonly part: 'content'; readonly entry: TarEntry }
  | { readonly want: 'skip'; readonly length: number; readonly part: 'padding' | 'rest' }

/** Bytes, or how many were skipped. */
export type TarAnswer = Uint8Array | number

/** Who hears of what the decoder finds, in the order of the tar. What a handler throws ends the decoding. */
export interface TarHandlers {
  onEntry(entry: TarEntry): void
  /** A piece of the stored content, valid until the call returns; only from drivers that read contents. */
  onContent?(entry: TarEntry, chunk: Uint8Array): void
  /** After the last byte of an entry's content, also where it has none; not called where the content is cut off. */
  onContentEnd?(entry: TarEntry): void
  onOddity?(oddity: TarOddity): void
}

type Decoding<T> = Generator<TarRequest, T, TarAnswer>

interface Progress {
  readonly handlers: TarHandlers
  readonly limits: Limits
  readonly tell: OddityTeller
  offset: number
  entries: number
  /** End of the last whole entry. */
  end: number
  marker: TarEnd['marker']
  /** The name that is being read, as far as it is known. */
  name: Uint8Array | undefined
}

const READ_BLOCK: TarRequest = { want: 'bytes', length: BLOCK }
const REST_PIECE = 64 * 1024

/**
 * Decodes a tar as Go's archive/tar does: asks a driver for bytes and answers with how the tar ended. Damage does not
 * throw but is the end's `fault`, and the bytes after it are asked for all the same, since a diffID covers them.
 */
export function* decodeTar(handlers: TarHandlers, limits: Limits): Decoding<TarEnd> {
  const tell = oddityTeller(handlers.onOddity?.bind(handlers))
  const progress: Progress = { handlers, limits, tell, offset: 0, entries: 0, end: 0, marker: 'none', name: undefined }
  try {
    yield* readEntries(progress)
    return yield* readRest(progress, undefined)
  } catch (error) {
    if (!(error instanceof TarStop)) throw error
    return yield* readRest(progress, faultOf(error, progress.name))
  }
}

function faultOf({ kind, offset, message }: TarStop, name: Uint8Array | undefined): TarFault {
  return { kind, offset, message, ...(name === undefined ? {} : { entry: displayPath(name) }) }
}

function* readEntries(progress: Progress): Decoding<void> {
  let meta = NO_META
  for (;;) {
    const at = progress.offset
    const block = bytesOf(yield READ_BLOCK)
    progress.offset += block.length
    if (block.length < BLOCK || (block[0] === 0 && isZero(block))) {
      if (meta !== NO_META) progress.tell.orphan(progress.end)
      yield* readEnd(progress, block)
      return
    }
    const header = readHeader(block, at)
    progress.name = header.rawPath
    if (isMeta(header.typeflag)) {
      meta = yield* readMeta(progress, header, meta, at)
      if (!isGlobal(header.typeflag)) continue
      giveGlobal(progress, header, meta)
    } else {
      const member = memberOf(header, meta, at)
      progress.name = member.header.rawPath
      const sparse = yield* sparseOf(progress, member, meta, block, at)
      const entry = entryOf(member, placeOf(progress, sparse?.stored ?? member.stored), meta.records, sparse)
      progress.tell.member(at, header, meta, entry)
      give(progress, entry)
      yield* skipContent(progress, entry)
      progress.handlers.onContentEnd?.(entry)
    }
    progress.end = progress.offset
    progress.name = undefined
    meta = NO_META
  }
}

/** From the end of the entry before to here are the header blocks; the content follows. */
function placeOf({ end, offset }: Progress, stored: number): Pick<TarEntry, 'header' | 'content'> {
  return { header: { offset: end, length: offset - end }, content: { offset, length: stored } }
}

function give(progress: Progress, entry: TarEntry): void {
  const { handlers, limits } = progress
  if (progress.entries >= limits.entries) {
    throw new TarStop('limit', entry.header.offset, `more than ${limits.entries.toString()} entries`)
  }
  progress.entries++
  handlers.onEntry(entry)
}

function giveGlobal(progress: Progress, header: HeaderFields, meta: Meta): void {
  const entry = globalEntryOf(header, meta, placeOf(progress, 0))
  progress.tell.global(progress.end, entry)
  give(progress, entry)
  progress.handlers.onContentEnd?.(entry)
}

function* readMeta(progress: Progress, header: HeaderFields, meta: Meta, at: number): Decoding<Meta> {
  const length = metaSize(header, progress.limits.pax, at)
  const content = yield* readWhole(progress, length, 'a PAX header or a long name')
  const next = addMeta(meta, header.typeflag, content, at)
  yield* skipPadding(progress, length)
  return next
}

function* readWhole(progress: Progress, length: number, what: string): Decoding<Uint8Array> {
  const bytes = bytesOf(yield { want: 'bytes', length })
  progress.offset += bytes.length
  if (bytes.length === length) return bytes
  throw new TarStop('truncated-header', progress.offset, `the tar ends inside ${what}`)
}

function* skipContent(progress: Progress, entry: TarEntry): Decoding<void> {
  const { length } = entry.content
  if (length === 0) return
  const skipped = countOf(yield { want: 'skip', length, part: 'content', entry })
  progress.offset += skipped
  if (skipped < length) {
    const message = `the tar ends ${(length - skipped).toString()} bytes before the content does`
    throw new TarStop('truncated-content', progress.offset, message)
  }
  // A sparse map of format 1.0 is whole blocks, so the padding follows from the rest alone.
  yield* skipPadding(progress, length)
}

// Go reads on where the last padding is cut off or missing.
function* skipPadding(progress: Progress, length: number): Decoding<void> {
  const padding = -length & (BLOCK - 1)
  if (padding === 0) return
  const skipped = countOf(yield { want: 'skip', length: padding, part: 'padding' })
  progress.offset += skipped
  if (skipped < padding)
    progress.tell.odd('missing-padding', progress.offset, '', 'the last block of the tar is cut off')
}

// What is left of the tar after its last entry: nothing, a zero block, or two.
function* readEnd(progress: Progress, first: Uint8Array): Decoding<void> {
  const { tell } = progress
  if (first.length === 0) {
    tell.odd('missing-end', progress.offset, '', 'the tar has no end marker')
    return
  }
  if (first.length < BLOCK) throw new TarStop('truncated-header', progress.offset, 'the tar ends inside a header')
  progress.marker = 'one-zero-block'
  const at = progress.offset
  const second = bytesOf(yield READ_BLOCK)
  progress.offset += second.length
  if (second.length === 0) {
    tell.odd('missing-end', at, '', 'the end marker is one zero block instead of two')
    return
  }
  if (second.length < BLOCK)
    throw new TarStop('truncated-header', progress.offset, 'the tar ends inside its end marker')
  if (!isZero(second)) {
    tell.odd('lone-zero-block', at - BLOCK, '', 'a single zero block with more after it')
    throw new TarStop('header', at, 'a zero block is followed by one that is not zero')
  }
  progress.marker = 'two-zero-blocks'
}

// Reads until it knows whether the rest is zero, and counts what follows.
function* readRest(progress: Progress, fault: TarFault | undefined): Decoding<TarEnd> {
  const from = fault === undefined ? progress.offset : Math.min(fault.offset, progress.offset)
  let nonZero = progress.offset > from
  while (!nonZero) {
    const piece = bytesOf(yield { want: 'bytes', length: REST_PIECE })
    nonZero = !isZero(piece)
    if (nonZero) tellHidden(progress, piece)
    progress.offset += piece.length
    if (piece.length < REST_PIECE) break
  }
  progress.offset += countOf(yield { want: 'skip', length: Number.MAX_SAFE_INTEGER, part: 'rest' })
  const { entries, end, marker, offset } = progress
  const known = { entries, offset: end, marker, size: offset, trailing: offset - from, trailingNonZero: nonZero }
  return fault === undefined ? known : { ...known, fault }
}

function tellHidden({ tell, offset }: Progress, piece: Uint8Array): void {
  const at = piece.findIndex((byte) => byte !== 0)
  const start = at - (at % BLOCK)
  const block = piece.subarray(start, start + BLOCK)
  if (block.length < BLOCK || !hasChecksum(block)) return
  tell.odd('after-end', offset + start, '', 'headers after the end marker: some tools read on')
}

interface StoredSparse extends SparseFields {
  /** Content bytes, without the map. */
  readonly stored: number
}

function* sparseOf(
  progress: Progress,
  member: MemberFields,
  meta: Meta,
  block: Uint8Array,
  at: number,
): Decoding<StoredSparse | undefined> {
  const { header, stored } = member
  if (header.typeflag === 0x53) {
    const size = readRealSize(block, at)
    const regions = yield* readOldMap(progress, block, at)
    checkRegions(regions, size, stored, at)
    return { name: undefined, size, regions, stored }
  }
  return meta.records.size === 0 ? undefined : yield* readPaxMap(progress, member, meta, at)
}

function* readOldMap(progress: Progress, block: Uint8Array, at: number): Decoding<StoredSparse['regions']> {
  const first = readMapBlock(block, 'header', at)
  const regions = [...first.regions]
  for (let { more } = first; more;) {
    const next = readMapBlock(yield* readWhole(progress, BLOCK, 'a sparse map'), 'extension', at)
    regions.push(...next.regions)
    checkCount(regions.length, at)
    more = next.more
  }
  return regions
}

function* readPaxMap(
  progress: Progress,
  member: MemberFields,
  meta: Meta,
  at: number,
): Decoding<StoredSparse | undefined> {
  const sparse = readPaxSparse(meta.records, at)
  if (sparse === undefined) return undefined
  if (member.type !== 'file' && member.type !== 'unknown') {
    throw new TarStop('sparse', at, `a sparse ${member.type}, which has no content`)
  }
  const size = sparse.size ?? member.stored
  if (sparse.version === '0.x') {
    const regions = readMapRecord(meta.records, at)
    checkRegions(regions, size, member.stored, at)
    return { name: sparse.name, size, regions, stored: member.stored }
  }
  const from = progress.offset
  const regions = yield* readMapLines(progress, member.stored, at)
  const stored = member.stored - (progress.offset - from)
  checkRegions(regions, size, stored, at)
  return { name: sparse.name, size, regions, stored }
}

function* readMapLines(progress: Progress, stored: number, at: number): Decoding<StoredSparse['regions']> {
  const read = mapReader(at)
  for (let length = BLOCK; ; length += BLOCK) {
    if (length > stored) throw new TarStop('sparse', at, 'the sparse map is longer than the content that holds it')
    if (length > progress.limits.pax) {
      throw new TarStop('limit', at, `a sparse map of more than ${progress.limits.pax.toString()} bytes`)
    }
    const regions = read(yield* readWhole(progress, BLOCK, 'a sparse map'))
    if (regions !== undefined) return regions
  }
}

function bytesOf(answer: TarAnswer): Uint8Array {
  if (typeof answer === 'number') throw new TypeError('the decoder asked for bytes and was given a number')
  return answer
}

function countOf(answer: TarAnswer): number {
  if (typeof answer === 'number') return answer
  throw new TypeError('the decoder asked to skip and was given bytes')
}
