import { ArchiveError, type ErrorCode } from '../errors.js'
import type { CompressedInput } from './compressed-input.js'
import type { DecoderOptions } from './decoder.js'
import { instantiateZstd, type ZstdExports } from './zstd-wasm.js'

const INPUT_BYTES = 32 * 1024 // how far off the offset of damage can be
const OUTPUT_BYTES = 256 * 1024

/** RFC 8878, 3.1.1: the magic number 0xFD2FB528, little-endian. */
const FRAME_MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
/** RFC 8878, 3.1.2: 0x184D2A50 to 0x184D2A5F, little-endian; the low half of the first byte is free. */
const SKIPPABLE_MAGIC = [0x50, 0x2a, 0x4d, 0x18]

/** Whether the bytes, perhaps cut short, start a frame of zstd, or one whose content is to be skipped. */
export function zstdFrameAt(head: Uint8Array): 'frame' | 'skippable' | undefined {
  if (head.length === 0) return undefined
  const four = head.subarray(0, 4)
  if (four.every((byte, index) => byte === FRAME_MAGIC[index])) return 'frame'
  const skippable = four.every((byte, index) => (index === 0 ? byte & 0xf0 : byte) === SKIPPABLE_MAGIC[index])
  return skippable ? 'skippable' : undefined
}

const LONG_WINDOW = 'decompress it first: zstd -dc --long=31'

/** zstd_errors.h: what can be said about a code, and how it is to be taken. */
const ERRORS: Readonly<Record<number, readonly [code: ErrorCode, message: string, hint?: string]>> = {
  14: ['ERR_UNSUPPORTED', 'a zstd frame uses a reserved feature'],
  16: ['ERR_UNSUPPORTED', 'a zstd frame needs a window of more than 128 MiB', LONG_WINDOW],
  20: ['ERR_COMPRESSION', 'damaged zstd data'],
  22: ['ERR_COMPRESSION', 'the checksum of a zstd frame differs from its data'],
  32: ['ERR_UNSUPPORTED', 'a zstd frame needs a dictionary'],
  64: ['ERR_LIMIT', 'no memory for the window of a zstd frame', LONG_WINDOW],
}
const LAST_ERROR = 120

/** One call of ZSTD_decompressStream. */
interface ZstdStep {
  readonly consumed: number
  /** A view of the decoder's memory, valid until the next call. */
  readonly output: Uint8Array
  readonly state: 'input' | 'output' | 'end'
  /** A code of zstd_errors.h, or 0. */
  readonly error: number
}

/** A decoder over fixed buffers in the WASM's memory; a frame must end before bytes of the next are given. */
function zstdSteps(wasm: ZstdExports): (input: Uint8Array) => ZstdStep {
  const context = wasm.ZSTD_createDCtx()
  const inputAt = wasm.malloc(INPUT_BYTES)
  const outputAt = wasm.malloc(OUTPUT_BYTES)
  // ZSTD_inBuffer and ZSTD_outBuffer, one behind the other: { pointer, size, position } each.
  const buffersAt = wasm.malloc(24)
  let memory = new Uint8Array(wasm.memory.buffer)
  return (input) => {
    const size = Math.min(INPUT_BYTES, input.length)
    memory.set(input.subarray(0, size), inputAt)
    const buffers = new Int32Array(wasm.memory.buffer, buffersAt, 6)
    buffers.set([inputAt, size, 0, outputAt, OUTPUT_BYTES, 0])
    const result = wasm.ZSTD_decompressStream(context, buffersAt + 12, buffersAt) | 0
    if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer) // it grew, the old one is detached
    const after = new Int32Array(wasm.memory.buffer, buffersAt, 6)
    const [, , consumed = 0, , , written = 0] = after
    const output = memory.subarray(outputAt, outputAt + written)
    const error = result < 0 && result >= -LAST_ERROR ? -result : 0
    return { consumed, output, state: result === 0 ? 'end' : written === OUTPUT_BYTES ? 'output' : 'input', error }
  }
}

function zstdError(error: number, options: DecoderOptions, offset: number): ArchiveError {
  const [code, message, hint] = ERRORS[error] ?? ['ERR_COMPRESSION', `damaged zstd data (error ${error})`]
  return new ArchiveError(code, message, {
    location: options.location,
    offset,
    ...(hint === undefined ? {} : { hint }),
  })
}

const cutShort = (input: CompressedInput, options: DecoderOptions, part: string) =>
  new ArchiveError('ERR_TRUNCATED', `the zstd stream ends inside ${part}`, {
    location: options.location,
    offset: input.offset,
  })

async function* readFrame(input: CompressedInput, step: (input: Uint8Array) => ZstdStep, options: DecoderOptions) {
  let state = 'input'
  while (state !== 'end') {
    if (state === 'input' && !(await input.fill())) throw cutShort(input, options, 'a frame')
    const done = step(input.unread())
    if (done.error !== 0) throw zstdError(done.error, options, input.offset)
    input.skip(done.consumed)
    state = done.state
    if (done.output.length > 0) yield done.output
  }
}

/** Reads past a skippable frame: its magic, the size of its content as 32 bits, the content. */
async function passSkippable(input: CompressedInput, options: DecoderOptions): Promise<void> {
  const [, , , , a = 0, b = 0, c = 0, d = 0] = await input.peek(8)
  const size = 8 + a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24
  if ((await input.pass(size)) < size) throw cutShort(input, options, 'a skippable frame')
}

async function passTrailing(input: CompressedInput, options: DecoderOptions): Promise<void> {
  const offset = input.offset
  const count = await input.pass(Infinity)
  if (count === 0) return
  options.onNotice?.({
    kind: 'trailing-bytes',
    offset,
    message: `${count} bytes that are no zstd frame follow the stream`,
  })
}

/**
 * The data of all frames of a zstd stream (RFC 8878), in chunks that are valid until the next is asked for; skippable
 * frames are passed over. Bytes behind the last frame are a notice. Throws ERR_TRUNCATED, ERR_COMPRESSION (also for a
 * wrong checksum), and ERR_UNSUPPORTED for windows over 128 MiB and dictionaries.
 */
export async function* decodeZstd(input: CompressedInput, options: DecoderOptions): AsyncGenerator<Uint8Array, void> {
  const step = zstdSteps(await instantiateZstd())
  let uncompressed = 0
  if (!(await input.fill())) throw cutShort(input, options, 'a frame')
  for (let first = true; ; first = false) {
    const kind = zstdFrameAt(await input.peek(4))
    if (kind === undefined && first) {
      const place = { location: options.location, offset: input.offset }
      throw new ArchiveError('ERR_COMPRESSION', 'no zstd frame starts here', place)
    }
    if (kind === undefined) break
    if (kind === 'skippable') {
      await passSkippable(input, options)
      continue
    }
    options.onFrame?.(input.offset, uncompressed)
    for await (const chunk of readFrame(input, step, options)) {
      uncompressed += chunk.length
      yield chunk
    }
  }
  await passTrailing(input, options)
}
