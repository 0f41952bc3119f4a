import { describe, expect, test } from 'vitest'
import { concatenated } from '../support/chunks.js'
import { outcomeOf, SAMPLES, SEQ_60 } from '../support/compressed.js'

const bytesOf = (...values: number[]) => Uint8Array.from(values)
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd]

function skippable(nibble: number, content: Uint8Array): Uint8Array {
  return concatenated(bytesOf(0x50 + nibble, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0), content)
}

/** RFC 8878, 3.1.1.2: last flag, type (0 raw, 1 repeated byte) and size in 24 bits. */
function blockHeader(last: boolean, type: 0 | 1, size: number): Uint8Array {
  const value = (size << 3) | (type << 1) | (last ? 1 : 0)
  return bytesOf(value & 0xff, (value >>> 8) & 0xff, value >>> 16)
}

/** A frame with a window of 128 KiB and blocks of 128 KiB zeros, of four bytes each. */
function zeros(blocks: number): Uint8Array {
  const parts = Array.from({ length: blocks }, (_, index) =>
    concatenated(blockHeader(index === blocks - 1, 1, 128 * 1024), bytesOf(0)),
  )
  return concatenated(bytesOf(...MAGIC, 0, 0x38), ...parts)
}

describe('frames', () => {
  test('follow each other with skippable ones before, between and behind, and each start is told', async () => {
    const [first, second] = [skippable(0, SEQ_60), skippable(15, new Uint8Array(0))]
    const stream = concatenated(first, SAMPLES.zstd, second, SAMPLES.zstd, first)
    const { bytes, frames, notices, error } = await outcomeOf('zstd', stream, { cuts: [3, 9, 40, first.length + 2] })
    expect({ notices, error }).toEqual({ notices: [], error: undefined })
    expect(bytes).toEqual(concatenated(SEQ_60, SEQ_60))
    expect(frames).toEqual([
      [first.length, 0],
      [first.length + SAMPLES.zstd.length + second.length, SEQ_60.length],
    ])
  })

  test('may all be skippable: nothing comes', async () => {
    expect(await outcomeOf('zstd', skippable(3, SEQ_60))).toMatchObject({ bytes: new Uint8Array(0), error: undefined })
  })

  test('that are skippable and cut short are refused, even with a size of 4 GiB', async () => {
    const huge = bytesOf(0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)
    expect((await outcomeOf('zstd', huge)).error).toMatchObject({ code: 'ERR_TRUNCATED', offset: huge.length })
  })

  test('may hold raw blocks without a checksum', async () => {
    const frame = concatenated(bytesOf(...MAGIC, 0, 0x38), blockHeader(true, 0, SEQ_60.length), SEQ_60)
    expect(await outcomeOf('zstd', frame)).toMatchObject({ bytes: SEQ_60, error: undefined })
  })
})

describe('what cannot be decoded', () => {
  test('a wrong checksum', async () => {
    const wrong = SAMPLES.zstd.slice()
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
    expect((await outcomeOf('zstd', wrong)).error).toMatchObject({
      code: 'ERR_COMPRESSION',
      message: expect.stringContaining('checksum'),
    })
  })

  test('a window over 128 MiB, with the way out', async () => {
    // `zstd --long=31` on `abc`: window descriptor 0xa8.
    const frame = bytesOf(...MAGIC, 0, 0xa8, 0x19, 0, 0, 0x61, 0x62, 0x63)
    expect((await outcomeOf('zstd', frame)).error).toMatchObject({
      code: 'ERR_UNSUPPORTED',
      hint: expect.stringContaining('--long=31'),
    })
  })

  test('a frame that needs a dictionary', async () => {
    const frame = bytesOf(...MAGIC, 0x21, 7, 3, 0x19, 0, 0, 0x61, 0x62, 0x63)
    expect((await outcomeOf('zstd', frame)).error).toMatchObject({ code: 'ERR_UNSUPPORTED' })
  })

  test('a reserved block type, with the offset of its frame', async () => {
    const frame = bytesOf(...MAGIC, 0, 0x38, 0x07, 0, 0, 0, 0)
    const { bytes, error } = await outcomeOf('zstd', concatenated(SAMPLES.zstd, frame))
    expect(bytes).toEqual(SEQ_60)
    expect(error?.code).toBe('ERR_COMPRESSION')
    expect(error?.offset).toBeGreaterThanOrEqual(SAMPLES.zstd.length)
  })

  test('a bomb, once 64 MiB came out', async () => {
    const { bytes, error } = await outcomeOf('zstd', zeros(1000))
    expect(error).toMatchObject({ code: 'ERR_LIMIT' })
    expect(bytes.length).toBeGreaterThanOrEqual(63 * 1024 * 1024)
    expect(bytes.length).toBeLessThanOrEqual(64 * 1024 * 1024)
  })
})

test('a stream that expands a lot below 64 MiB is no bomb, nor is one within the ratio', async () => {
  expect((await outcomeOf('zstd', zeros(500))).bytes.length).toBe(500 * 128 * 1024)
  expect((await outcomeOf('zstd', zeros(520), { ratio: 40_000 })).bytes.length).toBe(520 * 128 * 1024)
})
