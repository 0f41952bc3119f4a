import type { ChunkMemory } from './chunk-memory.js'

/** Memory in which one thread leaves bytes for another: both see it, a plain object goes from one to the other. */
export interface ByteRing {
  /** Begins on a page. */
  readonly bytes: Uint8Array<SharedArrayBuffer>
  /** How many bytes were given, as -1 - n once there will be no more, and how many of them were taken. */
  readonly counts: BigInt64Array<SharedArrayBuffer>
}

const [GIVEN, TAKEN] = [0, 1] as const

/** A ring for `capacity` bytes, of which the first will lie `start` bytes from its beginning. */
export function byteRing(capacity: number, start = 0): ByteRing {
  const bytes = new Uint8Array(new SharedArrayBuffer(capacity, { maxByteLength: capacity }))
  const counts = new BigInt64Array(new SharedArrayBuffer(16))
  counts.fill(BigInt(start))
  return { bytes, counts }
}

/** The side that gives. */
export interface RingGiver extends ChunkMemory {
  /** Leaves the chunk: itself where it lies in memory of the ring, else a copy, as soon as there is room for all of it. */
  give(chunk: Uint8Array): Promise<void>
  /** There is no more. */
  end(): void
  /** The other side is gone: nothing waits any longer, what is given is lost. */
  abandon(): void
}

/** The only giver of a ring; does not block its thread. `part`: how much it lends at once, in bytes. */
export function ringGiver({ bytes, counts }: ByteRing, part = bytes.length): RingGiver {
  let given = Number(Atomics.load(counts, GIVEN))
  let lent = given
  let abandoned = false
  const tell = (value: bigint): void => {
    Atomics.store(counts, GIVEN, value)
    Atomics.notify(counts, GIVEN)
  }
  /** Waits until less than so many bytes are not taken yet. */
  const room = async (end: number, most: number): Promise<void> => {
    for (;;) {
      const taken = Atomics.load(counts, TAKEN)
      if (end - Number(taken) <= most || abandoned) return
      await Atomics.waitAsync(counts, TAKEN, taken).value
    }
  }
  const copy = async (chunk: Uint8Array): Promise<void> => {
    for (let done = 0; done < chunk.length && !abandoned;) {
      await room(given + 1, bytes.length)
      const at = given % bytes.length
      const free = bytes.length - (given - Number(Atomics.load(counts, TAKEN)))
      const piece = chunk.subarray(done, done + Math.min(free, bytes.length - at))
      bytes.set(piece, at)
      done += piece.length
      given += piece.length
      tell(BigInt(given))
    }
  }
  return {
    async next() {
      const at = lent % bytes.length
      const length = part - (lent % part)
      await room(lent + length, bytes.length)
      lent += length
      return bytes.subarray(at, at + length)
    },
    async give(chunk) {
      if (chunk.buffer !== bytes.buffer) return copy(chunk)
      given += chunk.length
      tell(BigInt(given))
    },
    end: () => tell(-1n - BigInt(given)),
    abandon() {
      abandoned = true
      Atomics.add(counts, TAKEN, 1n)
      Atomics.notify(counts, TAKEN)
    },
  }
}

/** Takes all bytes of a ring, piece by piece, and lets nothing else run on its thread: each is valid until the next. */
export function* ringBytes({ bytes, counts }: ByteRing, most: number): Generator<Uint8Array> {
  for (let taken = Number(Atomics.load(counts, TAKEN)); ;) {
    const told = Atomics.load(counts, GIVEN)
    const given = Number(told < 0n ? -1n - told : told)
    if (taken === given) {
      if (told < 0n) return
      Atomics.wait(counts, GIVEN, told)
      continue
    }
    const at = taken % bytes.length
    const piece = bytes.subarray(at, at + Math.min(most, given - taken, bytes.length - at))
    yield piece
    taken += piece.length
    Atomics.store(counts, TAKEN, BigInt(taken))
    Atomics.notify(counts, TAKEN)
  }
}
