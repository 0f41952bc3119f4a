import { ArchiveError, type ErrorCode } from '../errors.js'
import type { CompressedInput } from './compressed-input.js'
import type { DecoderOptions } from './decoder.js'
import { instantiateXz, type XzExports } from './xz-wasm.js'

const STREAM_HEADER_BYTES = 12
const UNPACK_FIRST = 'decompress it first: xz -dc'

// enum xz_ret of xz-embedded.
const OK = 0
const STREAM_END = 1
const UNSUPPORTED_CHECK = 2
const FORMAT_ERROR = 5
const ERRORS: Readonly<Record<number, readonly [code: ErrorCode, message: string, hint?: string]>> = {
  3: ['ERR_LIMIT', 'no memory for the dictionary of an xz stream', UNPACK_FIRST],
  4: ['ERR_LIMIT', 'the dictionary of an xz stream is too large', UNPACK_FIRST],
  5: ['ERR_COMPRESSION', 'no xz stream starts here'],
  6: ['ERR_UNSUPPORTED', 'an xz stream uses a check or a filter that cannot be decoded here', UNPACK_FIRST],
  8: ['ERR_TRUNCATED', 'the xz stream ends too early'],
}

/** One call of the decoder. */
interface XzStep {
  readonly consumed: number
  /** A view of the decoder's memory, valid until the next call. */
  readonly output: Uint8Array
  readonly status: number
}

/** A decoder over the two buffers of its context; no input at all says that the stream is over. */
function xzSteps(wasm: XzExports): (input: Uint8Array) => XzStep {
  const context = wasm.create_context()
  // Its head, 32 bits each: size of both buffers; input pointer, position, size; output pointer, position.
  const head = () => new Uint32Array(wasm.memory.buffer, context, 6)
  return (input) => {
    const [bufferSize = 0, inputAt = 0] = head()
    const size = Math.min(bufferSize, input.length)
    new Uint8Array(wasm.memory.buffer, inputAt, size).set(input.subarray(0, size))
    wasm.supply_input(context, size)
    const status = wasm.get_next_output(context)
    const after = head()
    const [, , consumed = 0, , outputAt = 0, written = 0] = after
    after[5] = 0
    return { consumed, output: new Uint8Array(wasm.memory.buffer, outputAt, written), status }
  }
}

function xzError(status: number, options: DecoderOptions, offset: number): ArchiveError {
  const [code, message, hint] = ERRORS[status] ?? ['ERR_COMPRESSION', 'damaged xz data']
  return new ArchiveError(code, message, {
    location: options.location,
    offset,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** Bytes behind the last stream, whose first 12 were already taken for a header and refused. */
async function passTrailing(input: CompressedInput, options: DecoderOptions): Promise<void> {
  const offset = input.offset - STREAM_HEADER_BYTES
  const count = STREAM_HEADER_BYTES + (await input.pass(Infinity))
  options.onNotice?.({
    kind: 'trailing-bytes',
    offset,
    message: `${count} bytes that are no xz stream follow the last one`,
  })
}

/**
 * The data of all streams of an .xz file (format 1.0.4), in chunks of at most 64 KiB, each valid until the next is asked
 * for. Bytes behind the last stream are a notice. Throws ERR_TRUNCATED, ERR_COMPRESSION (also for a wrong checksum),
 * and ERR_UNSUPPORTED for SHA-256 checks and filters other than LZMA2.
 */
export async function* decodeXz(input: CompressedInput, options: DecoderOptions): AsyncGenerator<Uint8Array, void> {
  const step = xzSteps(await instantiateXz())
  let status = OK
  while (status === OK || status === UNSUPPORTED_CHECK) {
    await input.fill()
    const done = step(input.unread())
    input.skip(done.consumed)
    status = done.status
    if (done.output.length > 0) yield done.output
  }
  if (status === FORMAT_ERROR && input.offset > STREAM_HEADER_BYTES) await passTrailing(input, options)
  else if (status !== STREAM_END) throw xzError(status, options, input.offset)
}
