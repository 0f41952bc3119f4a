import { TarStop } from './end.js'
import type { SparseRegion } from './entry.js'
import { BLOCK, formatOf, readNumber } from './header.js'
import { parseInteger, present } from './pax.js'
import { latin1 } from './path.js'

/** Regions of one sparse file that are read at most; each costs the archive 24 bytes, and us four times as much. */
const MAX_REGIONS = 1 << 20

/** How the PAX records say that a file is sparse. */
export interface PaxSparse {
  /** `1.0` keeps its map at the head of the content, the older ones keep it in the records. */
  readonly version: '0.x' | '1.0'
  readonly name: Uint8Array | undefined
  readonly size: number | undefined
}

/** What the GNU.sparse records say, read as Go does; undefined for a plain file or a version that is not known. */
export function readPaxSparse(records: ReadonlyMap<string, Uint8Array>, offset: number): PaxSparse | undefined {
  const text = (key: string) => latin1(records.get(`GNU.sparse.${key}`) ?? new Uint8Array(0))
  const version = sparseVersion(`${text('major')}.${text('minor')}`, text('map') !== '')
  if (version === undefined) return undefined
  const size = text('size') === '' ? text('realsize') : text('size')
  return {
    version,
    name: present(records, 'GNU.sparse.name'),
    size: size === '' ? undefined : exact(parseInteger(size), offset),
  }
}

function sparseVersion(version: string, hasMap: boolean): PaxSparse['version'] | undefined {
  if (version === '1.0') return '1.0'
  if (version === '0.0' || version === '0.1') return '0.x'
  return version === '.' && hasMap ? '0.x' : undefined
}

/** The map of formats 0.0 and 0.1: `offset,length,…` in GNU.sparse.map, its pairs counted by GNU.sparse.numblocks. */
export function readMapRecord(records: ReadonlyMap<string, Uint8Array>, offset: number): SparseRegion[] {
  const text = (key: string) => latin1(records.get(key) ?? new Uint8Array(0))
  const map = text('GNU.sparse.map')
  const numbers = map === '' ? [] : map.split(',').map((number) => exact(parseInteger(number), offset))
  const count = parseInteger(text('GNU.sparse.numblocks'))
  if (typeof count !== 'number' || 2 * count !== numbers.length) {
    throw new TarStop('sparse', offset, 'the sparse map does not have as many regions as it says')
  }
  return pairs(numbers)
}

/** A reader of the map of format 1.0, decimal lines in whole blocks: give it blocks until it answers with the regions. */
export function mapReader(offset: number): (block: Uint8Array) => SparseRegion[] | undefined {
  const numbers: number[] = []
  let rest = ''
  return (block) => {
    const lines = (rest + latin1(block)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (numbers.length > 0 && numbers.length === 1 + 2 * (numbers[0] ?? 0)) break
      numbers.push(exact(parseInteger(line), offset))
      checkCount(numbers[0] ?? 0, offset)
    }
    // A number is at most twenty digits: longer ones are not kept to see where they end.
    if (rest.length > BLOCK) throw new TarStop('sparse', offset, 'the sparse map holds no number')
    return numbers.length === 0 || numbers.length < 1 + 2 * (numbers[0] ?? 0) ? undefined : pairs(numbers.slice(1))
  }
}

/** Throws TarStop for a number of regions that cannot be, or that one file should not make us hold. */
export function checkCount(count: number, offset: number): void {
  if (count < 0) throw new TarStop('sparse', offset, 'the sparse map has a negative number of regions')
  if (count > MAX_REGIONS)
    throw new TarStop('limit', offset, `a sparse file of more than ${MAX_REGIONS.toString()} regions`)
}

/** The logical size that an old GNU sparse header (type `S`) tells; throws where it is not a GNU header, as star's `S` is laid out otherwise. */
export function readRealSize(header: Uint8Array, offset: number): number {
  if (formatOf(header) !== 'gnu') throw new TarStop('sparse', offset, 'a sparse header that is not GNU’s')
  return exact(readNumber(header, 483, 12), offset) // 483 - realsize, 12 bytes
}

/** What one block of an old GNU sparse map adds, and whether another block follows. */
export function readMapBlock(block: Uint8Array, kind: 'header' | 'extension', offset: number): SparseMapBlock {
  // 386 - 4 regions of 24 bytes and the flag at 482; an extension block has 21 of them and the flag at 504.
  const [start, count] = kind === 'header' ? [386, 4] : [0, 21]
  const regions: SparseRegion[] = []
  for (let at = start; at < start + 24 * count && block[at] !== 0; at += 24) {
    const number = (place: number) => exact(readNumber(block, place, 12), offset)
    regions.push({ offset: number(at), length: number(at + 12) })
  }
  return { regions, more: (block[start + 24 * count] ?? 0) !== 0 }
}

/** One block's part of an old GNU sparse map. */
export interface SparseMapBlock {
  readonly regions: readonly SparseRegion[]
  readonly more: boolean
}

/**
 * Throws TarStop `sparse` unless the regions lie in order, apart and inside `size`, and hold `stored` bytes together:
 * Go refuses the others when the header or, for the last rule, when the content is read.
 */
export function checkRegions(regions: readonly SparseRegion[], size: number, stored: number, offset: number): void {
  const refuse = (why: string) => new TarStop('sparse', offset, `a sparse file ${why}`)
  if (size < 0) throw refuse('of negative size')
  let end = 0
  let held = 0
  for (const region of regions) {
    if (region.offset < 0 || region.length < 0) throw refuse('with a negative region')
    if (region.offset < end) throw refuse('with regions that overlap or are out of order')
    end = region.offset + region.length
    held += region.length
    if (end > size) throw refuse('with a region beyond its end')
  }
  if (held !== stored) {
    throw refuse(`whose regions hold ${held.toString()} bytes, while ${stored.toString()} are stored`)
  }
}

function pairs(numbers: readonly number[]): SparseRegion[] {
  const regions: SparseRegion[] = []
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    regions.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 })
  }
  return regions
}

// Beyond 2^53-1 no archive on any disk reaches; Go would accept the number and then miss the bytes.
function exact(number: number | bigint | undefined, offset: number): number {
  if (typeof number === 'number') return number
  throw new TarStop('sparse', offset, 'a sparse file with a number that cannot be read')
}
