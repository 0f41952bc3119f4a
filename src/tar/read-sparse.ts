import { TarStop } from './end.js'
import type { MemberFields, SparseFields } from './fields.js'
import { BLOCK } from './header.js'
import type { Meta } from './meta.js'
import { readWhole, type Decoding, type Progress } from './request.js'
import {
  checkCount,
  checkRegions,
  mapReader,
  readMapBlock,
  readMapRecord,
  readPaxSparse,
  readRealSize,
} from './sparse.js'

/** A sparse file, and how much of it is stored. */
export interface StoredSparse extends SparseFields {
  /** Content bytes, without the map. */
  readonly stored: number
}

/** Whether a member may be sparse at all: old GNU ones by their type, the others by their records. */
export function maySparse({ header }: MemberFields, { records }: Meta): boolean {
  return header.typeflag === 0x53 || records.size > 0
}

/** Reads the map of a sparse member whose header block stands at `at`, to where its stored bytes begin; undefined for a plain one. */
export function* sparseOf(
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
  return yield* readPaxMap(progress, member, meta, at)
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
      throw new TarStop('limit', at, `a sparse map of more than ${progress.limits.pax.toString()} bytes (--limit-pax)`)
    }
    const regions = read(yield* readWhole(progress, BLOCK, 'a sparse map'))
    if (regions !== undefined) return regions
  }
}
