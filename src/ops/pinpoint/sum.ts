import type { Located, Tree } from '../../tree/tree.js'

/** Algorithms in which package managers keep checksums of files. */
export type SumAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Bytes of a checksum. */
export const SUM_BYTES: Readonly<Record<SumAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
}

/** What a database says of one file. */
export interface SumClaim {
  /** Without a leading slash, one latin1 character a byte. */
  readonly path: string
  readonly algorithm: SumAlgorithm
  readonly sum: Uint8Array
}

/** What one file of a database says. */
export interface SumList {
  readonly claims: readonly SumClaim[]
  /** The first line that is not as the format has it, from 1: a sign that the database itself is damaged. */
  readonly oddLine?: number
}

/** Knows where one package manager keeps checksums, and how. */
export interface SumReader {
  databases(tree: Tree): Iterable<Located>
  /** Never throws: damage gives what could be read. */
  read(path: string, content: Uint8Array): SumList
}

/** Bytes of hex digits, or undefined where the text is no checksum of that length. */
export function sumFromHex(hex: string, length: number): Uint8Array | undefined {
  if (hex.length !== length * 2 || !/^[0-9a-f]+$/i.test(hex)) return undefined
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

// A digit of base64 holds six bits, and a damaged one of hex four; two checksums of other contents share half of theirs.
const NEAR_BITS = 8

/** Whether two checksums are so alike that not the file but the digits of one of them were damaged. */
export function isNear(a: Uint8Array, b: Uint8Array): boolean {
  let bits = 0
  for (const [at, byte] of a.entries()) {
    for (let odd = byte ^ (b[at] ?? 0); odd !== 0; odd &= odd - 1) bits += 1
  }
  return a.length === b.length && bits <= NEAR_BITS
}
