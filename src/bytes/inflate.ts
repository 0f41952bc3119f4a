import { constants, createInflateRaw } from 'node:zlib'

const OUTPUT_BYTES = 256 * 1024

/**
 * zlib does not say where in a call it met damage, so that input goes in pieces: the offset of an error is at most this
 * far too early. Damage shows late in deflate anyway; pieces of 4 KiB would cost 15 % of the speed.
 */
export const PIECE_BYTES = 64 * 1024

/** What one call of an inflater did. */
export interface InflateStep {
  /** Bytes of the input that are used up. */
  readonly consumed: number
  /** What came out; valid until the next call. */
  readonly output: Uint8Array
  /** `input`: all is used, give more; `output`: the buffer is full, call again; `end`: the deflate stream is over. */
  readonly state: 'input' | 'output' | 'end' | 'broken'
  /** zlib's words, where the state is `broken`. */
  readonly message?: string
}

/** A raw deflate decoder (RFC 1951) that works synchronously into one reused buffer of 256 KiB. */
export interface RawInflate {
  step(input: Uint8Array): InflateStep
  /** Ready for a new stream. */
  reset(): void
  close(): void
}

/** The part of node:zlib's internal handle that is used here; the same from Node 12 to 24. */
interface ZlibHandle {
  onerror: (message: string) => void
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void
}

function isZlibHandle(value: unknown): value is ZlibHandle {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, 'writeSync') === 'function' && typeof Reflect.get(value, 'reset') === 'function'
}

/** One call of inflate: what is left of the input and the room, or zlib's words for damage. */
export interface InflateAttempt {
  readonly availableIn: number
  readonly availableOut: number
  readonly ended: boolean
  readonly failure: string | undefined
}

/** Inflates `length` bytes of `input` at `from` into `output`, as far as its room goes. */
export type InflateCall = (input: Uint8Array, from: number, length: number, output: Uint8Array) => InflateAttempt

/** `step` over single calls: pieces go in until the input is used up, the reused output is full, or the stream ends. */
export function stepOver(attempt: InflateCall): RawInflate['step'] {
  const output = new Uint8Array(OUTPUT_BYTES)
  return (input) => {
    let consumed = 0
    let written = 0
    const done = (state: InflateStep['state'], message?: string): InflateStep => ({
      consumed,
      output: output.subarray(0, written),
      state,
      ...(message === undefined ? {} : { message }),
    })
    do {
      const piece = Math.min(PIECE_BYTES, input.length - consumed)
      const room = output.length - written
      const after = attempt(input, consumed, piece, output.subarray(written))
      consumed += piece - after.availableIn
      written += room - after.availableOut
      if (after.failure !== undefined) return done('broken', after.failure)
      if (after.ended) return done('end')
      if (after.availableOut === 0) return done('output')
    } while (consumed < input.length)
    return done('input')
  }
}

/**
 * An inflater over zlib's own synchronous call, without the stream object's queues and thread-pool hop: `_handle.writeSync`
 * and `_writeState` of a node:zlib stream. They are internal: undefined where this Node has them no more.
 */
export function nativeInflate(): RawInflate | undefined {
  const stream = createInflateRaw({ chunkSize: 64 })
  const handle: unknown = Reflect.get(stream, '_handle')
  const left: unknown = Reflect.get(stream, '_writeState') // [room left in the output, input left]
  if (!isZlibHandle(handle) || !(left instanceof Uint32Array) || left.length < 2) {
    stream.close()
    return undefined
  }
  let failure: string | undefined
  handle.onerror = (message) => {
    failure = message
  }
  const attempt: InflateCall = (input, from, length, output) => {
    handle.writeSync(constants.Z_SYNC_FLUSH, input, from, length, output, 0, output.length)
    if (failure !== undefined) return { availableIn: length, availableOut: output.length, ended: false, failure }
    const [availableOut = 0, availableIn = 0] = left
    // The handle does not tell that the stream ended, but inflate stops before its input and its room only then.
    return { availableIn, availableOut, ended: availableIn > 0 && availableOut > 0, failure }
  }
  return {
    step: stepOver(attempt),
    reset() {
      failure = undefined
      handle.reset()
    },
    close: () => stream.close(),
  }
}
