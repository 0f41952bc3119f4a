/** Runs CRC-64/ISO over memory of its own: the state in, the state out. */
export interface Crc64Machine {
  /** Where bytes go before they are counted in. */
  readonly input: Uint8Array
  /** The state after the first `length` bytes of `input`; the first state is -1n. */
  update(state: bigint, length: number): bigint
}

// x^64 + x^4 + x^3 + x + 1, reflected.
const POLYNOMIAL = 0xd800000000000000n
// Eight tables of 256 words of 64 bits: the table of place k takes a byte that has k more to be shifted through.
const TABLE = 2048
const INPUT_AT = 8 * TABLE
const INPUT = 256 * 1024
const PAGE = 64 * 1024

// WebAssembly core specification 1.0, 5.4 (instructions) and 5.5 (modules).
const OP = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  again: [0x0c, 0], // br 0: the loop
  leaveIf: [0x0d, 1], // br_if 1: the block around the loop
  geU32: [0x4f],
  add32: [0x6a],
  shl32: [0x74],
  and64: [0x83],
  xor64: [0x85],
  shrU64: [0x88],
  wrap: [0xa7], // i32.wrap_i64
} as const

const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const const32 = (value: number) => [0x41, ...signed(value)]
const const64 = (value: number) => [0x42, ...signed(value)]
const load64 = (offset: number) => [0x29, 0, ...unsigned(offset)]
const loadByte = (offset: number) => [0x31, 0, ...unsigned(offset)] // i64.load8_u

/** LEB128 of a number of at most 31 bits. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]
}

const [AT, END, EIGHT_END, STATE] = [0, 1, 2, 3] as const

/** The table's word for the byte of the state that stands at `shift`. */
function lookedUp(shift: number, table: number): number[] {
  const byte = shift === 56 ? [] : [...const64(255), ...OP.and64]
  const shifted = shift === 0 ? [] : [...const64(shift), ...OP.shrU64]
  return [...get(STATE), ...shifted, ...byte, ...OP.wrap, ...const32(3), ...OP.shl32, ...load64(table * TABLE)]
}

/** while (at < end) { state = step; at += width } */
function loop(end: number, width: number, step: readonly number[]): number[] {
  const isOver = [...get(AT), ...get(end), ...OP.geU32, ...OP.leaveIf]
  const next = [...get(AT), ...const32(width), ...OP.add32, ...set(AT)]
  return [...OP.block, ...OP.loop, ...isOver, ...step, ...next, ...OP.again, ...OP.end, ...OP.end]
}

function instructions(): number[] {
  const mix = (load: readonly number[]) => [...get(STATE), ...get(AT), ...load, ...OP.xor64, ...set(STATE)]
  const places = [0, 1, 2, 3, 4, 5, 6, 7]
  const eight = places.flatMap((place) => [...lookedUp(8 * place, 7 - place), ...(place === 0 ? [] : OP.xor64)])
  const one = [...lookedUp(0, 0), ...get(STATE), ...const64(8), ...OP.shrU64, ...OP.xor64]
  return [
    ...loop(EIGHT_END, 8, [...mix(load64(0)), ...eight, ...set(STATE)]),
    ...loop(END, 1, [...mix(loadByte(0)), ...one, ...set(STATE)]),
    ...get(STATE),
    ...OP.end,
  ]
}

/** A module of one function (at, end, end of the eights, state) -> state, and its memory. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content]
  const code = [0, ...instructions()]
  const pages = Math.ceil((INPUT_AT + INPUT) / PAGE)
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7e, 1, 0x7e]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...unsigned(pages)]),
    ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x75, 0, 0]), // "m", the memory, and "u", the function
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

function fillTables(memory: ArrayBuffer): void {
  const words = Array.from({ length: 256 }, (_, byte) => {
    let word = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) word = (word >> 1n) ^ ((word & 1n) === 1n ? POLYNOMIAL : 0n)
    return word
  })
  const tables = new BigUint64Array(memory, 0, 8 * 256)
  for (const [byte, first] of words.entries()) {
    let word = first
    for (let table = 0; table < 8; table++) {
      tables[table * 256 + byte] = word
      word = (word >> 8n) ^ (words[Number(word & 255n)] ?? 0n)
    }
  }
}

// The types of WebAssembly come with the DOM's, which a library for Node does not load.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly m: { readonly buffer: ArrayBuffer }
  readonly u: (at: number, end: number, eightEnd: number, state: bigint) => bigint
}

/** A machine; its tables are made once, and JavaScript's numbers would take three times as long. */
export function crc64Machine(): Crc64Machine {
  const { m, u } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports as Exports // as made above
  fillTables(m.buffer)
  return {
    input: new Uint8Array(m.buffer, INPUT_AT, INPUT),
    update: (state, length) => u(INPUT_AT, INPUT_AT + length, INPUT_AT + (length & ~7), state),
  }
}
