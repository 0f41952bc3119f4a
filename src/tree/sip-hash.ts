/** Hashes `count` words from `from` on, of which `length` bytes count; the bytes behind them are zeros. Gives 32 bits. */
export type WordHash = (words: Uint32Array, from: number, count: number, length: number) => number

/**
 * HalfSipHash-1-3 with two words of a key: what a table of names that strangers chose is ordered by, so that no archive can
 * be made in which they all meet (Aumasson and Bernstein, SipHash). The length has a word of its own, the last one.
 */
export function sipHash(key0: number, key1: number): WordHash {
  const init2 = 0x6c796765 ^ key0
  const init3 = 0x74656462 ^ key1
  return (words, from, count, length) => {
    let v0 = key0
    let v1 = key1
    let v2 = init2
    let v3 = init3
    // One round for each word, one for the length, three to finish.
    const end = from + count
    for (let at = from; at < end + 4; at++) {
      const word = at < end ? (words[at] ?? 0) : at === end ? length : 0
      if (at === end + 1) v2 ^= 0xff
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = v0 ^ ((v1 << 5) | (v1 >>> 27))
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = v2 ^ ((v3 << 8) | (v3 >>> 24))
      v0 = (v0 + v3) | 0
      v3 = v0 ^ ((v3 << 7) | (v3 >>> 25))
      v2 = (v2 + v1) | 0
      v1 = v2 ^ ((v1 << 13) | (v1 >>> 19))
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
    }
    return (v1 ^ v3) >>> 0
  }
}
