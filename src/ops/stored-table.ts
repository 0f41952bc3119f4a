import type { Place } from '../tree/changes.js'
import type { ContentHashes } from '../tree/content-hashes.js'

/**
 * The contents that one layer stores, by rows in the order of its tar. In columns, as there may be a million of them:
 * 29 bytes a row, and names that are those of the tree.
 */
export interface StoredTable {
  rows: number
  /** Index of the layer. */
  readonly layer: number
  readonly parents: string[]
  readonly names: string[]
  /** Where contents begin in the tar, rising. */
  offsets: Float64Array
  /** Stored bytes. */
  sizes: Float64Array
  /** Indexes of fates. */
  fates: Uint8Array
  /** The round in which a tree last showed the content; 0 before the first. */
  shown: Uint32Array
  /** Index of the layer that hid it; -1 where none did. */
  hiders: Int32Array
  /** Hashes by offset, where contents were hashed. */
  hashes: ContentHashes | undefined
}

/** A table without rows. */
export function storedTable(layer: number): StoredTable {
  return {
    rows: 0,
    layer,
    parents: [],
    names: [],
    offsets: new Float64Array(0),
    sizes: new Float64Array(0),
    fates: new Uint8Array(0),
    shown: new Uint32Array(0),
    hiders: new Int32Array(0),
    hashes: undefined,
  }
}

/** What a row begins with. */
export interface StoredRow extends Place {
  readonly offset: number
  readonly size: number
  readonly fate: number
}

/** Adds a row; its offset is above those before. */
export function addRow(table: StoredTable, { parent, name, offset, size, fate }: StoredRow): void {
  const row = table.rows
  if (row === table.offsets.length) grow(table, row * 2 + 64)
  table.parents.push(parent)
  table.names.push(name)
  table.offsets[row] = offset
  table.sizes[row] = size
  table.fates[row] = fate
  table.hiders[row] = -1
  table.rows += 1
}

function grow(table: StoredTable, rows: number): void {
  const { offsets, sizes, fates, shown, hiders } = table
  table.offsets = new Float64Array(rows)
  table.offsets.set(offsets)
  table.sizes = new Float64Array(rows)
  table.sizes.set(sizes)
  table.fates = new Uint8Array(rows)
  table.fates.set(fates)
  table.shown = new Uint32Array(rows)
  table.shown.set(shown)
  table.hiders = new Int32Array(rows)
  table.hiders.set(hiders)
}

/** The row of the content that begins there; -1 where none does. */
export function rowAt({ offsets, rows }: StoredTable, offset: number): number {
  let [low, high] = [0, rows]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((offsets[middle] ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low < rows && offsets[low] === offset ? low : -1
}

/** Whether two rows hold the same bytes, as far as hashes tell. */
export function isSameContent(a: StoredTable, rowA: number, b: StoredTable, rowB: number): boolean {
  if (a.sizes[rowA] !== b.sizes[rowB]) return false
  const [one, other] = [a.hashes?.at(a.offsets[rowA] ?? -1), b.hashes?.at(b.offsets[rowB] ?? -1)]
  return one !== undefined && other !== undefined && one.every((byte, at) => byte === other[at])
}
