import type { Place } from '../tree/changes.js'
import type { ContentHashes } from '../tree/content-hashes.js'
import { nextPlace, placeAt, type BlockPlace, type RowBlock } from '../tree/row-blocks.js'

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

/** Rows, in columns. */
export interface StoredBlock extends RowBlock {
  readonly parents: string[]
  readonly names: string[]
  /** Stored bytes. */
  readonly sizes: Float64Array
  /** Indexes of fates. */
  readonly fates: Uint8Array
  /** The round in which a tree last showed the content; 0 before the first. */
  readonly shown: Uint32Array
  /** Index of the layer that hid it; -1 where none did. */
  readonly hiders: Int32Array
}

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
  const { block, at } = nextPlace(table.blocks, table.rows, blockOf)
  block.parents.push(parent)
  block.names.push(name)
  block.offsets[at] = offset
  block.sizes[at] = size
  block.fates[at] = fate
  block.hiders[at] = -1
  table.rows += 1
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

/** One row, and whose it is. */
export interface RowPlace extends BlockPlace<StoredBlock> {
  readonly table: StoredTable
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
  const place = placeAt(table.blocks, table.rows, offset)
  return place && { table, block: place.block, at: place.at }
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
