/** Runs CRC-64/ISO over memory of its own: the state in, the state out. */
export interface Crc64Machine {
  /** Where bytes must lie to be counted in; who reads files right into it saves a copy. */
  readonly input: Uint8Array<ArrayBuffer>
  /** The state after the bytes of `input` from `start` to `end`; the first state is -1n. */
  update(state: bigint, start: number, end: number): bigint
}

// The polynomial is x^64 + x^4 + x^3 + x + 1, reflected: the lowest bit of a state is the coefficient of x^63, and to
// shift it right is to multiply it by x. What a shift pushes out, put at the upper end, counts as x^64 there, which is
// the same as x^4 + x^3 + x + 1. So sparse a polynomial needs no tables.
const BY_X64 = [1, 3, 4]
// x^128 is the square of that, in which the mixed terms cancel out: x^8 + x^6 + x^2 + 1.
const BY_X128 = [2, 6, 8]

const INPUT = 1024 * 1024
const PAGE = 64 * 1024

// WebAssembly core specification 1.0, 5.4 (instructions) and 5.5 (modules).
const OP = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  again: [0x0c, 0], // br 0: the loop
  leaveIf: [0x0d, 1], // br_if 1: the block around the loop
  add32: [0x6a],
  sub32: [0x6b],
  gtU32: [0x4b],
  xor64: [0x85],
  shl64: [0x86],
  shrU64: [0x88],
} as const

const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const const32 = (value: number) => [0x41, ...signed(value)]
const const64 = (value: number) => [0x42, ...signed(value)]
const load64 = (offset: number) => [0x29, 0, ...unsigned(offset)]
const loadByte = [0x31, 0, 0] // i64.load8_u

/** LEB128 of a number of at most 31 bits. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]
}

const [AT, END, STATE, OVER, WORD] = [0, 1, 2, 3, 4] as const

const right = (local: number, bits: number) => [...get(local), ...const64(bits), ...OP.shrU64]
const left = (local: number, bits: number) => [...get(local), ...const64(bits), ...OP.shl64]

/** The sum of polynomials. */
function sum(...terms: readonly (readonly number[])[]): number[] {
  return terms.flatMap((term, index) => (index === 0 ? term : [...term, ...OP.xor64]))
}

/** Multiplies a local by 1 and these powers of x, modulo the polynomial. */
function multiply(local: number, powers: readonly number[]): number[] {
  const over = sum(...powers.map((power) => left(local, 64 - power)))
  const inside = powers.map((power) => right(local, power))
  const folded = BY_X64.map((power) => right(OVER, power))
  return [...over, ...set(OVER), ...sum(get(local), ...inside, get(OVER), ...folded), ...set(local)]
}

/** while (end - at > width - 1) { step; at += width } */
function loop(width: number, step: readonly number[]): number[] {
  const isOver = [...const32(width), ...get(END), ...get(AT), ...OP.sub32, ...OP.gtU32, ...OP.leaveIf]
  const next = [...get(AT), ...const32(width), ...OP.add32, ...set(AT)]
  return [...OP.block, ...OP.loop, ...isOver, ...step, ...next, ...OP.again, ...OP.end, ...OP.end]
}

function instructions(): number[] {
  const loaded = (offset: number) => [...get(AT), ...load64(offset)]
  // (state + first) * x^128 + second * x^64: the second product waits for no other step.
  const sixteen = [
    ...sum(get(STATE), loaded(0)),
    ...set(STATE),
    ...multiply(STATE, BY_X128),
    ...loaded(8),
    ...set(WORD),
    ...multiply(WORD, BY_X64),
    ...sum(get(STATE), get(WORD)),
    ...set(STATE),
  ]
  const byte = [...sum(get(STATE), [...get(AT), ...loadByte]), ...set(WORD), ...left(WORD, 56), ...set(OVER)]
  const folded = BY_X64.map((power) => right(OVER, power))
  return [
    ...loop(16, sixteen),
    ...loop(1, [...byte, ...sum(right(STATE, 8), get(OVER), ...folded), ...set(STATE)]),
    ...get(STATE),
    ...OP.end,
  ]
}

/** A module of one function (at, end, state) -> state, and its memory. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content]
  const code = [1, 2, 0x7e, ...instructions()] // two more locals, i64
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7e, 1, 0x7e]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...unsigned(INPUT / PAGE)]),
    ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x75, 0, 0]), // "m", the memory, and "u", the function
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

// The types of WebAssembly come with the DOM's, which a library for Node does not load.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly m: { readonly buffer: ArrayBuffer }
  readonly u: (at: number, end: number, state: bigint) => bigint
}

/** A machine; JavaScript's numbers would take many times as long. */
export function crc64Machine(): Crc64Machine {
  const { m, u } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports as Exports // as made above
  return { input: new Uint8Array(m.buffer, 0, INPUT), update: (state, start, end) => u(start, end, state) }
}
