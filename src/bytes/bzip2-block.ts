/** A place among bytes, counted in bits, most significant first. */
export interface BitCursor {
  readonly bytes: Uint8Array
  bit: number
}

/** Symbols that share one Huffman table in a row. */
const GROUP_SYMBOLS = 50
const MAX_CODE_BITS = 20

/** The next bits, up to 24; zeros beyond the end, where the cursor still moves on: who owns it looks whether it did. */
export function readBits(cursor: BitCursor, count: number): number {
  const value = peekBits(cursor, count)
  cursor.bit += count
  return value
}

function peekBits({ bytes, bit }: BitCursor, count: number): number {
  const at = bit >>> 3
  const word =
    ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  return (word << (bit & 7)) >>> (32 - count)
}

/** Canonical Huffman codes: a code of n bits, seen as the top of 20, is below `limit[n]`; `symbols` is in code order. */
interface HuffmanTable {
  readonly shortest: number
  readonly limit: Int32Array
  /** What to add to a code of n bits to get its place among `symbols`. */
  readonly base: Int32Array
  readonly symbols: Uint16Array
}

function huffmanTable(lengths: Uint8Array): HuffmanTable {
  const limit = new Int32Array(MAX_CODE_BITS + 1)
  const base = new Int32Array(MAX_CODE_BITS + 1)
  const symbols = new Uint16Array(lengths.length)
  let code = 0
  let place = 0
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    base[bits] = place - code
    for (const [symbol, length] of lengths.entries()) {
      if (length !== bits) continue
      symbols[place++] = symbol
      code++
    }
    limit[bits] = code * 2 ** (MAX_CODE_BITS - bits)
    code *= 2
  }
  return { shortest: Math.min(...lengths), limit, base, symbols }
}

function readSymbol(cursor: BitCursor, table: HuffmanTable): number {
  const top = peekBits(cursor, MAX_CODE_BITS)
  let bits = table.shortest
  while (top >= (table.limit[bits] ?? 0)) if (++bits > MAX_CODE_BITS) throw new Error('a code that stands for nothing')
  cursor.bit += bits
  const place = (top >>> (MAX_CODE_BITS - bits)) + (table.base[bits] ?? 0)
  const symbol = table.symbols[place]
  if (symbol === undefined) throw new Error('a code that stands for nothing')
  return symbol
}

/** The bytes that occur in the block: 16 bits say which rows of 16 do, 16 bits for each such row which bytes. */
function readAlphabet(cursor: BitCursor): Uint8Array {
  const bytes = []
  const rows = readBits(cursor, 16)
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >>> row)) === 0) continue
    const columns = readBits(cursor, 16)
    for (let column = 0; column < 16; column++) if (columns & (0x8000 >>> column)) bytes.push(row * 16 + column)
  }
  if (bytes.length === 0) throw new Error('a block without bytes')
  return Uint8Array.from(bytes)
}

function moveToFront(list: Uint8Array, index: number): number {
  const value = list[index] ?? 0
  list.copyWithin(1, 0, index)
  list[0] = value
  return value
}

/** Which table each group of symbols uses, move-to-front coded in unary. */
function readSelectors(cursor: BitCursor, tableCount: number): Uint8Array {
  const selectors = new Uint8Array(readBits(cursor, 15))
  const order = Uint8Array.from({ length: tableCount }, (_, index) => index)
  for (let group = 0; group < selectors.length; group++) {
    let index = 0
    while (readBits(cursor, 1)) if (++index >= tableCount) throw new Error('a group names a table that is not there')
    selectors[group] = moveToFront(order, index)
  }
  return selectors
}

/** Code lengths, delta coded: 0 ends a length, 10 adds one, 11 takes one away. */
function readTable(cursor: BitCursor, symbolCount: number): HuffmanTable {
  const lengths = new Uint8Array(symbolCount)
  let length = readBits(cursor, 5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_BITS) throw new Error(`a code of ${length} bits`)
      if (readBits(cursor, 1) === 0) break
      length += readBits(cursor, 1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  return huffmanTable(lengths)
}

/** The symbols of a block, one after the other; switches tables every 50. */
function symbolReader(cursor: BitCursor, symbolCount: number): () => number {
  const tableCount = readBits(cursor, 3)
  if (tableCount < 2 || tableCount > 6) throw new Error(`${tableCount} code tables`)
  const selectors = readSelectors(cursor, tableCount)
  const tables = Array.from({ length: tableCount }, () => readTable(cursor, symbolCount))
  let group = 0
  let left = 0
  let table: HuffmanTable | undefined
  return () => {
    if (left-- === 0) {
      table = tables[selectors[group++] ?? tableCount]
      left = GROUP_SYMBOLS - 1
    }
    if (table === undefined) throw new Error('more symbols than were announced')
    return readSymbol(cursor, table)
  }
}

/** Undoes Huffman, move-to-front and zero-run coding into `block`; answers how many bytes it holds. */
function readBlockBytes(cursor: BitCursor, block: Uint32Array): number {
  const list = readAlphabet(cursor)
  const end = list.length + 1
  const nextSymbol = symbolReader(cursor, list.length + 2)
  let count = 0
  let run = 0
  let digit = 1 // runs are numbers to base 2 with the digits 1 and 2, lowest first
  for (;;) {
    const symbol = nextSymbol()
    if (symbol <= 1) {
      run += digit * (symbol + 1)
      digit *= 2
      if (run > block.length - count) throw new Error('a block larger than announced')
      continue
    }
    if (run > 0) block.fill(list[0] ?? 0, count, count + run)
    count += run
    run = 0
    digit = 1
    if (symbol === end) return count
    if (count === block.length) throw new Error('a block larger than announced')
    block[count++] = moveToFront(list, symbol - 1)
  }
}

/** Undoes the Burrows-Wheeler transform: afterwards the upper 24 bits of each element say where the next byte is. */
function linkBlock(block: Uint32Array, count: number): void {
  const starts = new Uint32Array(257)
  for (let index = 0; index < count; index++) {
    const next = ((block[index] ?? 0) & 0xff) + 1
    starts[next] = (starts[next] ?? 0) + 1
  }
  for (let byte = 1; byte < 256; byte++) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0)
  for (let index = 0; index < count; index++) {
    const byte = (block[index] ?? 0) & 0xff
    const place = starts[byte] ?? 0
    starts[byte] = place + 1
    block[place] = (block[place] ?? 0) | (index << 8)
  }
}

/** A decoded block: its bytes as a chain through `block`, still with runs of four and more shortened. */
export interface LinkedBlock {
  readonly first: number
  readonly count: number
}

/**
 * Decodes a block behind its magic and CRC into `block`, whose length is the most that it may hold. Throws a plain Error
 * for damage; work is bounded whatever the bits are.
 */
export function readBlock(cursor: BitCursor, block: Uint32Array): LinkedBlock {
  if (readBits(cursor, 1) === 1) throw new Error('a randomised block, as only bzip2 0.9.0 wrote')
  const origin = readBits(cursor, 24)
  const count = readBlockBytes(cursor, block)
  if (origin >= count) throw new Error('a block starts outside itself')
  linkBlock(block, count)
  return { first: (block[origin] ?? 0) >>> 8, count }
}
