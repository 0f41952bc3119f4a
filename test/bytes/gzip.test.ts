import { deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compressedInput } from '../../src/bytes/compressed-input.js'
import { decodeGzip } from '../../src/bytes/gzip.js'
import { pakoInflate } from '../../src/bytes/inflate-pako.js'
import { PIECE_BYTES } from '../../src/bytes/inflate.js'
import { ArchiveError } from '../../src/errors.js'
import { chunksOf, collect, concatenated, sha256 } from '../support/chunks.js'
import { outcomeOf, SAMPLES, SEQ_60 } from '../support/compressed.js'

const bytesOf = (...values: number[]) => Uint8Array.from(values)
const member = SAMPLES.gzip
const bodyAndTrailer = member.subarray(10)

/** A member whose header carries the flags and what they announce. */
const withHeader = (flags: number, ...fields: Uint8Array[]) =>
  concatenated(bytesOf(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3), ...fields, bodyAndTrailer)

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}

describe('the header of a member', () => {
  const extra = bytesOf(3, 0, 1, 2, 3)
  const text = new TextEncoder().encode('layer.tar\0')

  test.each([
    ['extra field', 0x04, [extra]],
    ['name', 0x08, [text]],
    ['comment', 0x10, [text]],
    ['extra field, name and comment', 0x1c, [extra, text, text]],
    ['reserved flags', 0xe0, []],
  ])('may carry: %s', async (_, flags, fields) => {
    const cuts = Array.from({ length: 40 }, (_unused, index) => index)
    expect(await outcomeOf('gzip', withHeader(flags, ...fields), { cuts })).toMatchObject({
      bytes: SEQ_60,
      notices: [],
    })
  })

  test('is checked where it has a CRC of its own', async () => {
    const stored = headerCrc(bytesOf(0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3))
    expect((await outcomeOf('gzip', withHeader(2, stored))).notices).toEqual([])
    const { bytes, notices } = await outcomeOf('gzip', withHeader(2, changed(stored, 0)))
    expect(bytes).toEqual(SEQ_60)
    expect(notices).toMatchObject([{ kind: 'checksum', offset: 10 }])
  })

  test('may be an unfinished name without end: truncated, not a hang', async () => {
    const open = concatenated(bytesOf(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3), new Uint8Array(1_000_000).fill(0x61))
    expect((await outcomeOf('gzip', open)).error).toMatchObject({ code: 'ERR_TRUNCATED', offset: open.length })
  })
})

/** The lower half of zlib's CRC, bit by bit: the test's own. */
function headerCrc(bytes: Uint8Array): Uint8Array {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return bytesOf(~crc & 0xff, (~crc >>> 8) & 0xff)
}

describe('the trailer of a member', () => {
  test.each([
    ['CRC', 8],
    ['size', 4],
  ])('with a wrong %s is a notice at its place; the data is given', async (what, fromEnd) => {
    const { bytes, notices, error } = await outcomeOf('gzip', changed(member, member.length - fromEnd))
    expect({ bytes, error }).toEqual({ bytes: SEQ_60, error: undefined })
    expect(notices).toMatchObject([
      { kind: 'checksum', offset: member.length - 8, message: expect.stringContaining(what) },
    ])
  })
})

describe('members', () => {
  test('follow each other, empty ones too, and each start is told on both sides', async () => {
    const empty = new Uint8Array(gzipSync(new Uint8Array(0)))
    const { bytes, frames } = await outcomeOf('gzip', concatenated(member, empty, member))
    expect(bytes).toEqual(concatenated(SEQ_60, SEQ_60))
    expect(frames).toEqual([
      [0, 0],
      [member.length, SEQ_60.length],
      [member.length + empty.length, SEQ_60.length],
    ])
  })

  test('may be followed by NULs, which is told', async () => {
    const { bytes, notices } = await outcomeOf('gzip', concatenated(member, new Uint8Array(1000)))
    expect(bytes).toEqual(SEQ_60)
    expect(notices).toMatchObject([
      { kind: 'trailing-bytes', offset: member.length, message: expect.stringContaining('NUL') },
    ])
  })

  test('may be followed by something that only begins as a member does', async () => {
    const { bytes, notices } = await outcomeOf('gzip', concatenated(member, bytesOf(0x1f, 0x8b, 0x07, 1)))
    expect(bytes).toEqual(SEQ_60)
    expect(notices).toMatchObject([{ kind: 'trailing-bytes', offset: member.length }])
  })
})

describe.each([
  ['zlib', undefined],
  ['pako', pakoInflate],
])('inflated by %s', (_, open) => {
  const decode = (bytes: Uint8Array, cuts: number[] = []) =>
    decodeGzip(compressedInput(chunksOf(bytes, cuts)), { location: 'sample' }, ...(open === undefined ? [] : [open]))

  /** Text that compresses, noise that does not, and zeros that do so best. */
  const mixed = Uint8Array.from({ length: 1_500_000 }, (_unused, index) =>
    index < 500_000 ? index % 251 : index < 700_000 ? (Math.imul(index, 2654435761) >>> 24) & 0xff : 0,
  )

  test('large data comes whole, in chunks of at most 256 KiB', async () => {
    const sizes: number[] = []
    const parts: Uint8Array[] = []
    for await (const chunk of decode(new Uint8Array(gzipSync(mixed)), [5, 4096, 65_536, 65_537])) {
      sizes.push(chunk.length)
      parts.push(chunk.slice())
    }
    expect(sha256(concatenated(...parts))).toBe(sha256(mixed))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024)
  })

  test('data that fills the output exactly ends where it ends', async () => {
    for (const size of [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 512 * 1024]) {
      const zeros = new Uint8Array(size)
      expect(sha256(await collect(decode(new Uint8Array(gzipSync(zeros)))))).toBe(sha256(zeros))
    }
  })

  test('many small members are read in one go', async () => {
    const members = Array.from({ length: 2000 }, () => member)
    expect((await collect(decode(concatenated(...members)))).length).toBe(2000 * SEQ_60.length)
  })

  test('damage is told with an offset at most one piece before it, after the bytes that stand before that', async () => {
    const size = 50_000
    const block = concatenated(
      bytesOf(0, size & 0xff, size >> 8, ~size & 0xff, (~size >> 8) & 0xff),
      new Uint8Array(size),
    )
    const stored = concatenated(block, block, block, block)
    const at = 10 + stored.length
    const parts: Uint8Array[] = []
    const reading = (async () => {
      const broken = concatenated(member.subarray(0, 10), stored, bytesOf(0x07), new Uint8Array(9000))
      for await (const chunk of decode(broken)) parts.push(chunk.slice())
    })()
    const error: unknown = await reading.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_COMPRESSION', message: expect.stringContaining('block type') })
    const offset = error instanceof ArchiveError ? (error.offset ?? 0) : 0
    expect(offset).toBeGreaterThanOrEqual(at - PIECE_BYTES)
    expect(offset).toBeLessThanOrEqual(at + 1)
    expect(concatenated(...parts).length).toBeGreaterThanOrEqual(4 * size - PIECE_BYTES)
  })

  test('a reserved block type is damage', async () => {
    const bad = concatenated(member.subarray(0, 10), bytesOf(0x07, 0, 0, 0), deflateRawSync(SEQ_60))
    await expect(collect(decode(bad))).rejects.toMatchObject({
      code: 'ERR_COMPRESSION',
      message: expect.stringContaining('block type'),
    })
  })
})
