import type { Place } from '../tree/changes.js'
import type { ContentHashes } from '../tree/content-hashes.js'

/**
 * The contents that one layer stores, by rows in the order of its tar: 25 bytes each, and names that are those of the
 * tree, as there may be a million of them. Rows lie in blocks, which leave nothing behind while the table grows.
 */
export interface StoredTable {
  rows: number
  /** Index of the layer. */
  readonly layer: number
  readonly blocks: StoredBlock[]
  /** Hashes by offset, where contents were hashed. */
  hashes: ContentHashes | undefined
}

/** A thousand rows, in columns. */
export interface StoredBlock {
  readonly parents: string[]
  readonly names: string[]
  /** Where contents begin in the tar, rising. */
  readonly offsets: Float64Array
  /** Stored bytes. */
  readonly sizes: Float64Array
  /** Indexes of fates. */
  readonly fates: Uint8Array
  /** The round in which a tree last showed the content; 0 before the first. */
  readonly shown: Uint32Array
  /** Index of the layer that hid it; -1 where none did. */
  readonly hiders: Int32Array
}

/** Rows of a block; but the first has fewer as long as it can, since most layers are small. */
const BLOCK_ROWS = 1024
const FIRST_ROWS = 64

/** A table without rows. */
export function storedTable(layer: number): StoredTable {
  return { rows: 0, layer, blocks: [], hashes: undefined }
}

/** What a row begins with. */
export interface StoredRow extends Place {
  readonly offset: number
  readonly size: number
  readonly fate: number
}

/** Adds a row; its offset is above those before. */
export function addRow(table: StoredTable, { parent, name, offset, size, fate }: StoredRow): void {
  const block = openBlock(table)
  const at = table.rows % BLOCK_ROWS
  block.parents.push(parent)
  block.names.push(name)
  block.offsets[at] = offset
  block.sizes[at] = size
  block.fates[at] = fate
  block.hiders[at] = -1
  table.rows += 1
}

/** The block with room for one more. */
function openBlock({ blocks, rows }: StoredTable): StoredBlock {
  const number = Math.floor(rows / BLOCK_ROWS)
  const last = blocks[number]
  if (last !== undefined && rows % BLOCK_ROWS < last.offsets.length) return last
  const room = rows === 0 ? FIRST_ROWS : Math.min(BLOCK_ROWS, (last?.offsets.length ?? BLOCK_ROWS) * 4)
  return (blocks[number] = blockOf(room, last))
}

function blockOf(rows: number, before: StoredBlock | undefined): StoredBlock {
  const block = {
    parents: before?.parents ?? [],
    names: before?.names ?? [],
    offsets: new Float64Array(rows),
    sizes: new Float64Array(rows),
    fates: new Uint8Array(rows),
    shown: new Uint32Array(rows),
    hiders: new Int32Array(rows),
  }
  if (before === undefined) return block
  block.offsets.set(before.offsets)
  block.sizes.set(before.sizes)
  block.fates.set(before.fates)
  block.shown.set(before.shown)
  block.hiders.set(before.hiders)
  return block
}

/** One row: its block, and where in that it is. */
export interface RowPlace {
  readonly table: StoredTable
  readonly block: StoredBlock
  readonly at: number
}

/** Every row, in order. */
export function* rowsOf(table: StoredTable): Generator<RowPlace> {
  for (const block of table.blocks) {
    for (let at = 0; at < block.names.length; at++) yield { table, block, at }
  }
}

/** The row of the content that begins there; undefined where none does. */
export function rowAt(table: StoredTable | undefined, offset: number): RowPlace | undefined {
  if (table === undefined) return undefined
  let [low, high] = [0, table.rows]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (offsetAt(table, middle) < offset) low = middle + 1
    else high = middle
  }
  const block = table.blocks[Math.floor(low / BLOCK_ROWS)]
  if (block === undefined || low === table.rows || offsetAt(table, low) !== offset) return undefined
  return { table, block, at: low % BLOCK_ROWS }
}

function offsetAt({ blocks }: StoredTable, row: number): number {
  return blocks[Math.floor(row / BLOCK_ROWS)]?.offsets[row % BLOCK_ROWS] ?? 0
}

/** Whether two rows hold the same bytes, as far as hashes tell. */
export function isSameContent(a: RowPlace, b: RowPlace): boolean {
  if (a.block.sizes[a.at] !== b.block.sizes[b.at]) return false
  const [one, other] = [hashOf(a), hashOf(b)]
  return one !== undefined && other !== undefined && one.every((byte, at) => byte === other[at])
}

function hashOf({ table, block, at }: RowPlace): Uint8Array | undefined {
  const offset = block.offsets[at]
  return offset === undefined ? undefined : table.hashes?.at(offset)
}
