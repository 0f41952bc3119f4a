/** Runs CRC-64/ISO over memory of its own: the state in, the state out. */
export interface Crc64Machine {
  /** Where bytes must lie to be counted in; who reads files right into it saves a copy. */
  readonly input: Uint8Array<ArrayBuffer>
  /** The state after the bytes of `input` from `start` to `end`; the first state is -1n. */
  readonly update: (state: bigint, start: number, end: number) => bigint
}

// The polynomial is x^64 + x^4 + x^3 + x + 1, reflected: the lowest bit of a state is the coefficient of x^63, and to
// shift it right is to multiply it by x. What a shift pushes out, put at the upper end, counts as x^64 there, which is
// the same as x^4 + x^3 + x + 1. So sparse a polynomial needs no tables.
const BY_X64 = [1, 3, 4]
// x^128 is the square of that, in which the mixed terms cancel out: x^8 + x^6 + x^2 + 1.
const BY_X128 = [2, 6, 8]
// And so on: the fourth power of x^128.
const BY_X512 = [8, 24, 32]

const INPUT = 1024 * 1024
const PAGE = 64 * 1024

// WebAssembly core specification 2.0, 5.4 (instructions) and 5.5 (modules).
const OP = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  again: [0x0c, 0], // br 0: the loop
  leaveIf: [0x0d, 1], // br_if 1: the block around the loop
  leaveBlockIf: [0x0d, 0],
  add32: [0x6a],
  sub32: [0x6b],
  gtU32: [0x4b],
  xor64: [0x85],
  shl64: [0x86],
  shrU64: [0x88],
  // SIMD: two words of 64 bits in one value.
  load128: [0xfd, 0x00, 0],
  lane64: [0xfd, 0x1d],
  withLane64: [0xfd, 0x1e],
  xor128: [0xfd, 0x51],
  shl64x2: [0xfd, 0xcb, 0x01],
  shrU64x2: [0xfd, 0xcd, 0x01],
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

const [AT, END, STATE, OVER, WORD, OVERS] = [0, 1, 2, 3, 4, 5] as const
// Each holds two words.
const PAIRS = [6, 7, 8, 9] as const

type Terms = readonly (readonly number[])[]

/** Polynomials in locals: one in each, or two side by side. */
interface Arithmetic {
  readonly over: number
  readonly right: (local: number, bits: number) => number[]
  readonly left: (local: number, bits: number) => number[]
  readonly sum: (...terms: Terms) => number[]
}

const joined = (terms: Terms, add: readonly number[]): number[] =>
  terms.flatMap((term, index) => (index === 0 ? term : [...term, ...add]))

const SINGLE: Arithmetic = {
  over: OVER,
  right: (local, bits) => [...get(local), ...const64(bits), ...OP.shrU64],
  left: (local, bits) => [...get(local), ...const64(bits), ...OP.shl64],
  sum: (...terms) => joined(terms, OP.xor64),
}

const DOUBLE: Arithmetic = {
  over: OVERS,
  right: (local, bits) => [...get(local), ...const32(bits), ...OP.shrU64x2],
  left: (local, bits) => [...get(local), ...const32(bits), ...OP.shl64x2],
  sum: (...terms) => joined(terms, OP.xor128),
}

const { left, right, sum } = SINGLE

/** Multiplies a local by 1 and these powers of x, modulo the polynomial. */
function multiply(local: number, powers: readonly number[], { over, left, right, sum }: Arithmetic = SINGLE): number[] {
  const outside = sum(...powers.map((power) => left(local, 64 - power)))
  const inside = powers.map((power) => right(local, power))
  const folded = BY_X64.map((power) => right(over, power))
  return [...outside, ...set(over), ...sum(get(local), ...inside, get(over), ...folded), ...set(local)]
}

const isLess = (width: number) => [...const32(width), ...get(END), ...get(AT), ...OP.sub32, ...OP.gtU32]
const advance = (width: number) => [...get(AT), ...const32(width), ...OP.add32, ...set(AT)]

/** while (end - at >= width) { step; at += width } */
function loop(width: number, step: readonly number[]): number[] {
  const next = [...advance(width), ...OP.again]
  return [...OP.block, ...OP.loop, ...isLess(width), ...OP.leaveIf, ...step, ...next, ...OP.end, ...OP.end]
}

const BLOCK = PAIRS.length * 16
const pairAt = (index: number) => [...get(AT), ...OP.load128, ...unsigned(index * 16)]

/**
 * All blocks of 64 bytes. Each of their eight words is summed up with those that stand in its place in the other blocks,
 * so that none waits for another; the eight sums are what one block would be.
 */
function blocks(): number[] {
  const first = PAIRS.flatMap((pair, index) => [...pairAt(index), ...set(pair)])
  const [pair] = PAIRS
  const start = [...get(pair), ...sum([...get(pair), ...OP.lane64, 0], get(STATE)), ...OP.withLane64, 0, ...set(pair)]
  const step = PAIRS.flatMap((pair, index) => [
    ...multiply(pair, BY_X512, DOUBLE),
    ...DOUBLE.sum(get(pair), pairAt(index)),
    ...set(pair),
  ])
  const words = PAIRS.flatMap((pair) => [0, 1].map((lane) => [...get(pair), ...OP.lane64, lane]))
  const folded = words.flatMap((word, index) => [
    ...(index === 0 ? word : sum(get(STATE), word)),
    ...set(STATE),
    ...multiply(STATE, BY_X64),
  ])
  const all = [...first, ...start, ...advance(BLOCK), ...loop(BLOCK, step), ...folded]
  return [...OP.block, ...isLess(BLOCK), ...OP.leaveBlockIf, ...all, ...OP.end]
}

function instructions(isWide: boolean): number[] {
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
    ...(isWide ? blocks() : []),
    ...loop(16, sixteen),
    ...loop(1, [...byte, ...sum(right(STATE, 8), get(OVER), ...folded), ...set(STATE)]),
    ...get(STATE),
    ...OP.end,
  ]
}

/** A module of one function (at, end, state) -> state, and its memory. */
function moduleBytes(isWide: boolean): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content]
  // More locals: two i64, the others v128.
  const locals = isWide ? [2, 2, 0x7e, 1 + PAIRS.length, 0x7b] : [1, 2, 0x7e]
  const code = [...locals, ...instructions(isWide)]
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
  validate: (bytes: Uint8Array) => boolean
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly m: { readonly buffer: ArrayBuffer }
  readonly u: (at: number, end: number, state: bigint) => bigint
}

/** Whether this processor has SIMD; of those that Node runs on, only very old ones have none. */
const hasSimd = (): boolean => WebAssembly.validate(moduleBytes(true))

/** A machine; JavaScript's numbers would take many times as long, and without SIMD it takes five times as long. */
export function crc64Machine(isWide = hasSimd()): Crc64Machine {
  const module = new WebAssembly.Module(moduleBytes(isWide))
  const { m, u } = new WebAssembly.Instance(module).exports as Exports // as made above
  return { input: new Uint8Array(m.buffer, 0, INPUT), update: (state, start, end) => u(start, end, state) }
}
