import { ringBytes, type ByteRing } from './byte-ring.js'
import type { Hasher } from './digest.js'

// Whoever gives waits for room: some comes before the whole ring is hashed.
const PIECE = 1024 * 1024
// What is called nearer is still there when its turn comes, and is not called in vain.
const STEP = 32 * 1024
const PAGE = 4096
const LINE = 64
// Enough for the processor to go on by itself, to the end of the page.
const LINES = 4

/** Hashes all that goes through a ring, and lets nothing else run on its thread meanwhile. */
export function hashRing(ring: ByteRing, hash: Hasher): void {
  for (const piece of ringBytes(ring, PIECE)) hashSteps(piece, hash)
}

function hashSteps(piece: Uint8Array, hash: Hasher): void {
  callNearer(piece, 0)
  for (let at = 0; at < piece.length; at += STEP) {
    callNearer(piece, at + STEP)
    hash.update(piece.subarray(at, at + STEP))
  }
}

// What is kept nowhere the compiler does not load.
const KEPT = new Uint8Array(1)

/**
 * What another core wrote, page by page anywhere in the machine's memory, sha256 would wait for at the start of each page:
 * a seventh of its time. Loads that wait for nothing bring it nearer meanwhile.
 */
function callNearer(piece: Uint8Array, from: number): void {
  const end = Math.min(piece.length, from + STEP)
  let all = 0
  for (let page = from; page < end; page += PAGE) {
    const beginning = Math.min(end, page + LINES * LINE)
    for (let line = page; line < beginning; line += LINE) all ^= piece[line] ?? 0
  }
  KEPT[0] = all
}
