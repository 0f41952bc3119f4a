/** Memory in which one thread leaves bytes for another: both see it, a plain object goes from one to the other. */
export interface ByteRing {
  readonly bytes: Uint8Array<SharedArrayBuffer>
  /** How many bytes were given, as -1 - n once there will be no more, and how many of them were taken. */
  readonly counts: BigInt64Array<SharedArrayBuffer>
  /** Where in `bytes` the first byte goes, or lies. */
  readonly start: number
}

const [GIVEN, TAKEN] = [0, 1] as const

/** A ring for `capacity` bytes. */
export function byteRing(capacity: number): ByteRing {
  return ringOver(new Uint8Array(new SharedArrayBuffer(capacity)), 0)
}

/** A ring for bytes that lie in memory that both threads see, from `start` on and from its end on at its beginning again. */
export function ringOver(bytes: Uint8Array<SharedArrayBuffer>, start: number): ByteRing {
  return { bytes, counts: new BigInt64Array(new SharedArrayBuffer(16)), start }
}

/** The side that gives. */
export interface RingGiver {
  /** Leaves a copy of the chunk, and waits as long as there is no room for all of it. */
  give(chunk: Uint8Array): Promise<void>
  /** So many more bytes are where they belong already; resolves when they were taken. Need not be waited for. */
  pass(length: number): Promise<void>
  /** There is no more. */
  end(): void
  /** The other side is gone: nothing waits any longer, what is given is lost. */
  abandon(): void
}

/** The only giver of a ring; does not block its thread. */
export function ringGiver({ bytes, counts, start }: ByteRing): RingGiver {
  let given = 0
  let abandoned = false
  let passed = Promise.resolve()
  const tell = (value: bigint): void => {
    Atomics.store(counts, GIVEN, value)
    Atomics.notify(counts, GIVEN)
  }
  return {
    async give(chunk) {
      for (let done = 0; done < chunk.length && !abandoned;) {
        const taken = Atomics.load(counts, TAKEN)
        const at = (start + given) % bytes.length
        const room = Math.min(bytes.length - (given - Number(taken)), bytes.length - at)
        if (room === 0) {
          await Atomics.waitAsync(counts, TAKEN, taken).value
          continue
        }
        const part = chunk.subarray(done, done + room)
        bytes.set(part, at)
        done += part.length
        given += part.length
        tell(BigInt(given))
      }
    },
    pass(length) {
      given += length
      tell(BigInt(given))
      const last = BigInt(given)
      // One after the other: the taking of one piece wakes one of them.
      passed = passed.then(async () => {
        for (let taken = Atomics.load(counts, TAKEN); taken < last && !abandoned; taken = Atomics.load(counts, TAKEN)) {
          await Atomics.waitAsync(counts, TAKEN, taken).value
        }
      })
      return passed
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
export function* ringBytes({ bytes, counts, start }: ByteRing, most: number): Generator<Uint8Array> {
  for (let taken = 0; ;) {
    const told = Atomics.load(counts, GIVEN)
    const given = Number(told < 0n ? -1n - told : told)
    if (taken === given) {
      if (told < 0n) return
      Atomics.wait(counts, GIVEN, told)
      continue
    }
    const at = (start + taken) % bytes.length
    const piece = bytes.subarray(at, at + Math.min(most, given - taken, bytes.length - at))
    yield piece
    taken += piece.length
    Atomics.store(counts, TAKEN, BigInt(taken))
    Atomics.notify(counts, TAKEN)
  }
}
