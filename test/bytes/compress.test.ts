import * as zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compress } from '../../src/bytes/compression.js'
import { chunksOf, collect, sha256 } from '../support/chunks.js'
import { outcomeOf, SEQ_60 } from '../support/compressed.js'

const data = Uint8Array.from({ length: 700_000 }, (_, index) => ((index * index) >>> 7) & 0xff)
const hasZstd = 'createZstdCompress' in zlib

describe.each([
  ['zlib', {}],
  ['reproducible', { reproducible: true }],
])('gzip, %s', (_, options) => {
  test('gives one member that unpacks to the data, from a source that reuses its buffer', async () => {
    const packed = await collect(compress('gzip', chunksOf(data, [0, 1, 70_000, 500_000]), options))
    const { bytes, ...rest } = await outcomeOf('gzip', packed)
    expect(rest).toEqual({ notices: [], error: undefined, frames: [[0, 0]] })
    expect(sha256(bytes)).toBe(sha256(data))
  })

  test('takes no data, too', async () => {
    const packed = await collect(compress('gzip', chunksOf(new Uint8Array(0)), options))
    expect(await outcomeOf('gzip', packed)).toMatchObject({ bytes: new Uint8Array(0), notices: [], error: undefined })
  })

  test('closes its source when the consumer leaves early, and passes on what the source throws', async () => {
    let closed = false
    async function* endless() {
      try {
        for (;;) yield* chunksOf(data)
      } finally {
        closed = true
      }
    }
    for await (const chunk of compress('gzip', endless(), options)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(closed).toBe(true)
    async function* broken() {
      yield* chunksOf(SEQ_60)
      throw new Error('the disk is gone')
    }
    await expect(collect(compress('gzip', broken(), options))).rejects.toThrow('the disk is gone')
  })
})

test('reproducible gzip has no time, no name and OS 255, and the same bytes however the input is cut', async () => {
  const whole = await collect(compress('gzip', chunksOf(data), { reproducible: true }))
  const cut = await collect(compress('gzip', chunksOf(data, [1, 2, 3, 300_000]), { reproducible: true }))
  expect(whole.subarray(0, 10)).toEqual(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255))
  expect(sha256(cut)).toBe(sha256(whole))
  expect(sha256(whole)).toMatchInlineSnapshot(`"8c33d2e588ea24f43eb01f5c169d8845b1730e97a96703d122c9642b7eaf63e7"`)
})

describe('gzip in blocks', () => {
  const large = Uint8Array.from({ length: 3_500_000 }, (_, at) => ((at * at) >>> 9) & 0x3f)

  test('has the same bytes however the input is cut', async () => {
    const whole = await collect(compress('gzip', chunksOf(large)))
    const cut = await collect(compress('gzip', chunksOf(large, [1, 1024 * 1024, 1_048_577, 3_000_000])))
    expect(sha256(cut)).toBe(sha256(whole))
    expect(whole.subarray(0, 10)).toEqual(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255))
  })

  test.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 2 * 1024 * 1024, 3_500_000])(
    'unpacks to its %i bytes',
    async (size) => {
      const data = large.subarray(0, size)
      const packed = await collect(compress('gzip', chunksOf(data)))
      expect(sha256(zlib.gunzipSync(packed))).toBe(sha256(data))
      const { bytes, ...rest } = await outcomeOf('gzip', packed)
      expect(rest).toEqual({ notices: [], error: undefined, frames: [[0, 0]] })
      expect(bytes).toHaveLength(size)
    },
  )

  test('takes what a block repeats of the one before', async () => {
    // Nothing repeats but every 30,000 bytes: a block that knew only itself would be no smaller for it.
    const noise = Uint8Array.from({ length: 30_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24)
    const data = Uint8Array.from({ length: 1024 * 1024 + 30_000 }, (_, at) => noise[at % 30_000] ?? 0)
    const packed = await collect(compress('gzip', chunksOf(data), { level: 6 }))
    const first = await collect(compress('gzip', chunksOf(data.subarray(0, 1024 * 1024)), { level: 6 }))
    expect(packed.length - first.length).toBeLessThan(1000)
  })

  test('waits for the blocks under way when the source breaks', async () => {
    async function* broken() {
      yield* chunksOf(large)
      await Promise.resolve()
      throw new Error('the disk is gone')
    }
    await expect(collect(compress('gzip', broken()))).rejects.toThrow('the disk is gone')
  })
})

test('a better level gives fewer bytes', async () => {
  const size = async (level: number) => (await collect(compress('gzip', chunksOf(data), { level }))).length
  expect(await size(9)).toBeLessThan(await size(1))
})

test.skipIf(!hasZstd)('zstd gives one frame that unpacks to the data', async () => {
  const packed = await collect(compress('zstd', chunksOf(data, [70_000])))
  const { bytes, error } = await outcomeOf('zstd', packed)
  expect({ sha256: sha256(bytes), error }).toEqual({ sha256: sha256(data), error: undefined })
})

test.skipIf(hasZstd)('zstd is refused with a way out where this Node has none', async () => {
  await expect(collect(compress('zstd', chunksOf(data)))).rejects.toMatchObject({
    code: 'ERR_UNSUPPORTED',
    hint: expect.stringContaining('22.15'),
  })
})
