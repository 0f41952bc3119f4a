import type { LinkedBlock } from './bzip2-block.js'

/** bzip2's CRC-32: zlib's polynomial, but most significant bit first, so that zlib's own code cannot compute it. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc
})

function crcOf(crc: number, bytes: Uint8Array): number {
  let sum = crc
  for (const byte of bytes) sum = (sum << 8) ^ (CRC_TABLE[(sum >>> 24) ^ byte] ?? 0)
  return sum
}

/**
 * The bytes of a decoded block, in views of `output` that hold until the next is asked for: a count follows four equal
 * bytes, of how many more there are. Returns the block's CRC.
 */
export function* unrollBlock(
  block: Uint32Array,
  { first, count }: LinkedBlock,
  output: Uint8Array,
): Generator<Uint8Array, number> {
  let crc = -1
  let written = 0
  let link = first
  let equal = 0
  let previous = -1
  for (let left = count; left > 0; left--) {
    const entry = block[link] ?? 0
    const byte = entry & 0xff
    link = entry >>> 8
    if (output.length - written < 256) {
      const full = output.subarray(0, written)
      crc = crcOf(crc, full)
      yield full
      written = 0
    }
    if (equal === 4) {
      output.fill(previous, written, written + byte)
      written += byte
      equal = 0
      previous = -1
    } else {
      equal = byte === previous ? equal + 1 : 1
      previous = byte
      output[written++] = byte
    }
  }
  const rest = output.subarray(0, written)
  crc = crcOf(crc, rest)
  yield rest
  return ~crc >>> 0
}
