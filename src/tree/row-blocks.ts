/** Rows of a block; but the first has fewer as long as it can, since most layers are small. */
const BLOCK_ROWS = 1024
const FIRST_ROWS = 16

/** Some rows of a table, in columns; each row is of a content, and they rise by where that begins in its tar. */
export interface RowBlock {
  readonly offsets: Float64Array
}

/** One row: its block, and where in that it is. */
export interface BlockPlace<Block> {
  readonly block: Block
  readonly at: number
}

/**
 * Where the next row of a table goes, which has `rows` of them already: into a block of `blockOf` with the rows of the one
 * `before`, where there is no room. Blocks leave nothing behind while a table grows.
 */
export function nextPlace<Block extends RowBlock>(
  blocks: Block[],
  rows: number,
  blockOf: (rows: number, before: Block | undefined) => Block,
): BlockPlace<Block> {
  const number = Math.floor(rows / BLOCK_ROWS)
  const at = rows % BLOCK_ROWS
  const last = blocks[number]
  if (last !== undefined && at < last.offsets.length) return { block: last, at }
  const room = rows === 0 ? FIRST_ROWS : Math.min(BLOCK_ROWS, (last?.offsets.length ?? BLOCK_ROWS) * 4)
  const block = blockOf(room, last)
  blocks[number] = block
  return { block, at }
}

/** The row of the content that begins there; undefined where none does. */
export function placeAt<Block extends RowBlock>(
  blocks: readonly Block[],
  rows: number,
  offset: number,
): BlockPlace<Block> | undefined {
  let [low, high] = [0, rows]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (offsetAt(blocks, middle) < offset) low = middle + 1
    else high = middle
  }
  const block = blocks[Math.floor(low / BLOCK_ROWS)]
  if (block === undefined || low === rows || offsetAt(blocks, low) !== offset) return undefined
  return { block, at: low % BLOCK_ROWS }
}

function offsetAt(blocks: readonly RowBlock[], row: number): number {
  return blocks[Math.floor(row / BLOCK_ROWS)]?.offsets[row % BLOCK_ROWS] ?? 0
}
