import type { Limits } from '../context.js'
import { oddityTeller } from './differences.js'
import { TarStop, type TarEnd, type TarFault } from './end.js'
import type { TarEntry } from './entry.js'
import { entryOf, globalEntryOf, memberOf } from './fields.js'
import { BLOCK, emptyBlock, hasChecksum, isZero, paddingOf, readHeader, type HeaderFields } from './header.js'
import { addMeta, isGlobal, isMeta, metaSize, NO_META, type Meta } from './meta.js'
import { displayPath } from './path.js'
import { maySparse, sparseOf } from './read-sparse.js'
import { bytesOf, bytesRequest, countOf, readWhole, type Decoding, type Progress, type TarHandlers } from './request.js'

export type { TarAnswer, TarHandlers, TarRequest } from './request.js'

const READ_BLOCK = bytesRequest(BLOCK)
const REST_PIECE = 64 * 1024

/** Where to begin in a tar of which the members before were read by others: the offset of a header, and how many there were. */
export interface TarStart {
  readonly offset: number
  readonly entries: number
}

const FROM_THE_FIRST: TarStart = { offset: 0, entries: 0 }

/**
 * Decodes a tar as Go's archive/tar does: asks a driver for bytes and answers with how the tar ended. Damage does not
 * throw but is the end's `fault`, and the bytes after it are asked for all the same, since a diffID covers them.
 */
export function* decodeTar(handlers: TarHandlers, limits: Limits, start = FROM_THE_FIRST): Decoding<TarEnd> {
  const tell = oddityTeller(handlers.onOddity?.bind(handlers))
  const { offset, entries } = start
  const progress: Progress = { handlers, limits, tell, offset, entries, end: offset, marker: 'none', name: undefined }
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
  const block = emptyBlock()
  let meta = NO_META
  for (;;) {
    const at = progress.offset
    const bytes = bytesOf(yield READ_BLOCK)
    progress.offset += bytes.length
    if (bytes.length < BLOCK || (bytes[0] === 0 && isZero(bytes))) {
      if (meta !== NO_META) progress.tell.orphan(progress.end)
      yield* readEnd(progress, bytes)
      return
    }
    block.bytes.set(bytes)
    const header = readHeader(block, at)
    progress.name = header.rawPath
    if (isMeta(header.typeflag)) {
      meta = yield* readMeta(progress, header, meta, at)
      if (!isGlobal(header.typeflag)) continue
      giveGlobal(progress, header, meta)
    } else {
      const member = memberOf(header, meta, at)
      progress.name = member.header.rawPath
      const sparse = maySparse(member, meta) ? yield* sparseOf(progress, member, meta, block.bytes, at) : undefined
      const entry = entryOf(member, placeOf(progress, sparse?.stored ?? member.stored), meta.records, sparse)
      progress.tell.member(at, header, meta, entry)
      give(progress, entry)
      const { length } = entry.content
      // A sparse map of format 1.0 is whole blocks, so the padding follows from the rest alone.
      const framed = length + paddingOf(length)
      if (length > 0) {
        const skipped = countOf(yield { want: 'skip', length: framed, part: 'content', entry })
        endContent(progress, entry, framed, skipped)
      }
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
    throw new TarStop('limit', entry.header.offset, `more than ${limits.entries.toString()} entries (--limit-entries)`)
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
  const padding = paddingOf(length)
  const skipped = countOf(yield { want: 'skip', length: padding, part: 'padding', entry: undefined })
  progress.offset += skipped
  if (skipped < padding) tellCut(progress)
  return next
}

function endContent(progress: Progress, entry: TarEntry, framed: number, skipped: number): void {
  progress.offset += skipped
  if (skipped === framed) return
  const missing = entry.content.length - skipped
  if (missing > 0) {
    const message = `the tar ends ${missing.toString()} bytes before the content does`
    throw new TarStop('truncated-content', progress.offset, message)
  }
  tellCut(progress)
}

// Go reads on where the last padding is cut off or missing.
function tellCut({ tell, offset }: Progress): void {
  tell.odd('missing-padding', offset, '', 'the last block of the tar is cut off')
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
    const piece = bytesOf(yield bytesRequest(REST_PIECE, 'rest'))
    nonZero = !isZero(piece)
    if (nonZero) tellHidden(progress, piece)
    progress.offset += piece.length
    if (piece.length < REST_PIECE) break
  }
  progress.offset += countOf(yield { want: 'skip', length: Number.MAX_SAFE_INTEGER, part: 'rest', entry: undefined })
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
