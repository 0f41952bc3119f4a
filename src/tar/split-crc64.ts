/** CRC-64/ISO as Go's hash/crc64 has it: what tar-split keeps of every file. */
export interface Crc64 {
  update(bytes: Uint8Array): void
  /** 16 lower-case hex digits, the most significant first; that of no bytes is all zeros. */
  hex(): string
}

// x^64 + x^4 + x^3 + x + 1, reflected: only its upper half has bits.
const POLYNOMIAL_HIGH = 0xd8000000 | 0

// Eight tables in one: two words (low, high) for each byte value at each of eight places.
const TABLES = makeTables()

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 512)
  for (let byte = 0; byte < 256; byte++) {
    let low = byte
    let high = 0
    for (let bit = 0; bit < 8; bit++) {
      const odd = (low & 1) !== 0
      low = (low >>> 1) | (high << 31)
      high = odd ? (high >>> 1) ^ POLYNOMIAL_HIGH : high >>> 1
    }
    tables[2 * byte] = low
    tables[2 * byte + 1] = high
  }
  for (let at = 512; at < tables.length; at += 2) {
    const low = tables[at - 512] ?? 0
    const high = tables[at - 511] ?? 0
    const next = (low & 0xff) * 2
    tables[at] = ((low >>> 8) | (high << 24)) ^ (tables[next] ?? 0)
    tables[at + 1] = (high >>> 8) ^ (tables[next + 1] ?? 0)
  }
  return tables
}

/** A running checksum; eight bytes a step, in 32-bit halves, since bigints would take a hundred times as long. */
export function crc64(): Crc64 {
  let low = -1
  let high = -1
  return {
    update(bytes) {
      const whole = bytes.length & ~7
      let [l, h] = [low, high]
      for (let at = 0; at < whole; at += 8) {
        l ^= word(bytes, at)
        h ^= word(bytes, at + 4)
        const [a, b, c, d] = [(l & 0xff) << 1, ((l >>> 8) & 0xff) << 1, ((l >>> 16) & 0xff) << 1, (l >>> 24) << 1]
        const [e, f, g, i] = [(h & 0xff) << 1, ((h >>> 8) & 0xff) << 1, ((h >>> 16) & 0xff) << 1, (h >>> 24) << 1]
        l = eight(a, b, c, d, e, f, g, i)
        h = eight(a + 1, b + 1, c + 1, d + 1, e + 1, f + 1, g + 1, i + 1)
      }
      for (let at = whole; at < bytes.length; at++) {
        const next = ((l ^ (bytes[at] ?? 0)) & 0xff) << 1
        l = ((l >>> 8) | (h << 24)) ^ (TABLES[next] ?? 0)
        h = (h >>> 8) ^ (TABLES[next + 1] ?? 0)
      }
      low = l
      high = h
    },
    hex: () => half(~high) + half(~low),
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

// The first byte has seven more to be shifted through, the last none.
function eight(a: number, b: number, c: number, d: number, e: number, f: number, g: number, i: number): number {
  const T = TABLES
  return (
    (T[3584 + a] ?? 0) ^
    (T[3072 + b] ?? 0) ^
    (T[2560 + c] ?? 0) ^
    (T[2048 + d] ?? 0) ^
    (T[1536 + e] ?? 0) ^
    (T[1024 + f] ?? 0) ^
    (T[512 + g] ?? 0) ^
    (T[i] ?? 0)
  )
}

function half(number: number): string {
  return (number >>> 0).toString(16).padStart(8, '0')
}
