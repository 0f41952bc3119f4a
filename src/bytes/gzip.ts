import { crc32 } from 'node:zlib'
import { ArchiveError, type ErrorCode } from '../errors.js'
import type { CompressedInput } from './compressed-input.js'
import type { DecoderOptions } from './decoder.js'
import { nativeInflate, type RawInflate } from './inflate.js'

// RFC 1952, 2.3.1: bits of the flag byte.
const FHCRC = 0x02
const FEXTRA = 0x04
const FNAME = 0x08
const FCOMMENT = 0x10

const MAGIC = [0x1f, 0x8b, 0x08] // the third byte is CM, and deflate the only method that there is

/** The header's place and the running checksum over its bytes. */
interface HeaderReader {
  pass(count: number): Promise<void>
  passString(): Promise<void>
}

type Fail = (code: ErrorCode, message: string, offset: number) => ArchiveError

function failer(location: string): Fail {
  return (code, message, offset) => new ArchiveError(code, message, { location, offset })
}

const cutShort = (fail: Fail, input: CompressedInput, part: string) =>
  fail('ERR_TRUNCATED', `the gzip stream ends inside ${part}`, input.offset)

/** Whether a member starts at the cursor; the first bytes of one at the end of the stream count as a member cut short. */
async function startsMember(input: CompressedInput): Promise<boolean> {
  const head = await input.peek(MAGIC.length)
  return head.length > 0 && head.every((byte, index) => byte === MAGIC[index])
}

/** Reads past one member's header (RFC 1952, 2.3). Unknown flags are ignored, as Go's compress/gzip does. */
async function readHeader(input: CompressedInput, fail: Fail, options: DecoderOptions): Promise<void> {
  let checksum = 0
  const part = 'a member header'
  const sum = (piece: Uint8Array) => {
    checksum = crc32(piece, checksum)
  }
  const header: HeaderReader = {
    async pass(count) {
      if ((await input.pass(count, sum)) < count) throw cutShort(fail, input, part)
    },
    async passString() {
      for (;;) {
        if (!(await input.fill())) throw cutShort(fail, input, part)
        const end = input.unread().indexOf(0)
        await header.pass(end === -1 ? input.unread().length : end + 1)
        if (end !== -1) return
      }
    },
  }
  const flags = (await input.peek(4))[3] ?? 0
  await header.pass(10)
  if (flags & FEXTRA) {
    const [low = 0, high = 0] = await input.peek(2)
    await header.pass(2 + low + high * 256)
  }
  if (flags & FNAME) await header.passString()
  if (flags & FCOMMENT) await header.passString()
  if (flags & FHCRC) {
    const [low = 0, high = 0] = await input.peek(2)
    const offset = input.offset
    const measured = checksum & 0xffff
    await header.pass(2)
    if (low + high * 256 !== measured) {
      options.onNotice?.({ kind: 'checksum', offset, message: 'the CRC of a gzip member header is wrong' })
    }
  }
}

/** Length and checksum of what a member held. */
interface MemberSums {
  size: number
  crc: number
}

/** Reads and compares a member's trailer: CRC-32, then the size modulo 2^32, both little-endian. */
async function readTrailer(input: CompressedInput, sums: MemberSums, fail: Fail, options: DecoderOptions) {
  const offset = input.offset
  const trailer = await input.peek(8)
  if (trailer.length < 8) {
    input.skip(trailer.length)
    throw cutShort(fail, input, 'a member trailer')
  }
  const view = new DataView(trailer.buffer, trailer.byteOffset, 8)
  const wrong = []
  if (view.getUint32(0, true) !== sums.crc) wrong.push('CRC')
  if (view.getUint32(4, true) !== sums.size % 2 ** 32) wrong.push('size')
  input.skip(8)
  if (wrong.length > 0) {
    const message = `the ${wrong.join(' and ')} in a gzip member trailer differ${wrong.length > 1 ? '' : 's'} from its data`
    options.onNotice?.({ kind: 'checksum', offset, message })
  }
}

async function* readMember(input: CompressedInput, inflate: RawInflate, fail: Fail, sums: MemberSums) {
  let state = 'input'
  while (state !== 'end') {
    if (state === 'input' && !(await input.fill())) throw cutShort(fail, input, 'compressed data')
    const step = inflate.step(input.unread())
    input.skip(step.consumed)
    state = step.state
    if (step.output.length > 0) {
      sums.crc = crc32(step.output, sums.crc)
      sums.size += step.output.length
      yield step.output
    }
    if (step.message !== undefined) throw fail('ERR_COMPRESSION', `damaged gzip data: ${step.message}`, input.offset)
  }
}

/** Bytes after the last member are no reason to stop for dockerd's unpigz, so they are not one here: a notice tells. */
async function passTrailing(input: CompressedInput, options: DecoderOptions): Promise<void> {
  const offset = input.offset
  let others = 0
  const count = await input.pass(Infinity, (piece) => {
    if (!piece.every((byte) => byte === 0)) others++
  })
  if (count === 0) return
  const what = others === 0 ? 'NUL bytes' : 'bytes that are no gzip member'
  options.onNotice?.({ kind: 'trailing-bytes', offset, message: `${count} ${what} follow the gzip stream` })
}

async function openInflate(): Promise<RawInflate> {
  const native = nativeInflate()
  if (native !== undefined) return native
  const { pakoInflate } = await import('./inflate-pako.js')
  return pakoInflate()
}

/**
 * The data of all members of a gzip stream (RFC 1952), in chunks that are valid until the next is asked for. Checksums
 * and bytes behind the last member are compared and told as notices; throws ERR_TRUNCATED and ERR_COMPRESSION, the
 * offset of damage being that of the 64 KiB piece that holds it.
 */
export async function* decodeGzip(
  input: CompressedInput,
  options: DecoderOptions,
  open: () => RawInflate | Promise<RawInflate> = openInflate,
): AsyncGenerator<Uint8Array, void> {
  const fail = failer(options.location)
  const inflate = await open()
  let uncompressed = 0
  try {
    if (!(await input.fill())) throw cutShort(fail, input, 'a member header')
    if (!(await startsMember(input))) throw fail('ERR_COMPRESSION', 'no gzip member starts here', input.offset)
    do {
      options.onFrame?.(input.offset, uncompressed)
      await readHeader(input, fail, options)
      const sums: MemberSums = { size: 0, crc: 0 }
      yield* readMember(input, inflate, fail, sums)
      await readTrailer(input, sums, fail, options)
      uncompressed += sums.size
      inflate.reset()
    } while (await startsMember(input))
    await passTrailing(input, options)
  } finally {
    inflate.close()
  }
}
