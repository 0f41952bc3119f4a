import { ringBytes, type ByteRing } from './byte-ring.js'
import type { Hasher } from './digest.js'

// Whoever gives waits for room: some comes before the whole ring is hashed.
const PIECE = 1024 * 1024

/** Hashes all that goes through a ring, and lets nothing else run on its thread meanwhile. */
export function hashRing(ring: ByteRing, hash: Hasher): void {
  for (const piece of ringBytes(ring, PIECE)) hash.update(piece)
}
