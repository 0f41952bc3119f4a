import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decompress, detectCompression, SNIFF_BYTES, sniffCompression } from '../../src/bytes/compression.js'
import { bytesSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import { chunksOf, collect, concatenated, cutsIn } from '../support/chunks.js'
import { KINDS, outcomeOf, SAMPLES, SEQ_60 } from '../support/compressed.js'

const options = { limits: DEFAULT_LIMITS, location: 'sample' }

describe('detectCompression', () => {
  test.each(KINDS)('knows %s by its first bytes', (kind) => {
    expect(detectCompression(SAMPLES[kind].subarray(0, SNIFF_BYTES))).toBe(kind)
  })
  test('counts a skippable frame as zstd, whatever the low half of its first byte', () => {
    expect(detectCompression(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18))).toBe('zstd')
    expect(detectCompression(Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18))).toBe('zstd')
    expect(detectCompression(Uint8Array.of(0x60, 0x2a, 0x4d, 0x18))).toBe('none')
  })
  test.each(KINDS)('knows %s where it lies, however short it is', async (kind) => {
    expect(await sniffCompression(bytesSource(SAMPLES[kind], 'sample'))).toBe(kind)
    expect(await sniffCompression(bytesSource(SAMPLES[kind].subarray(0, 2), 'sample'))).toBe('none')
  })
  test('takes everything else as plain: nothing, half a magic, zlib, a tar', () => {
    for (const head of [[], [0x1f, 0x8b], [0x28, 0xb5], [0x78, 0x9c, 1, 2], [0x2e, 0x2f, 0, 0, 0, 0]]) {
      expect(detectCompression(Uint8Array.from(head))).toBe('none')
    }
  })
})

describe.each(KINDS)('decompress %s', (kind) => {
  const sample = SAMPLES[kind]

  test('gives the bytes', async () => {
    expect(await outcomeOf(kind, sample)).toMatchObject({ bytes: SEQ_60, notices: [], error: undefined })
  })

  test('gives the same however the stream is cut', async () => {
    const doubled = concatenated(sample, sample)
    await fc.assert(
      fc.asyncProperty(cutsIn(doubled.length), async (cuts) => {
        const { bytes, notices, error } = await outcomeOf(kind, doubled, { cuts })
        expect({ bytes, notices, error }).toEqual({
          bytes: concatenated(SEQ_60, SEQ_60),
          notices: [],
          error: undefined,
        })
      }),
      { numRuns: 50 },
    )
  })

  test('gives the same from single bytes', async () => {
    const cuts = Array.from(sample.keys())
    expect(await outcomeOf(kind, sample, { cuts })).toMatchObject({ bytes: SEQ_60, error: undefined })
  })

  test('refuses every prefix as truncated, with its length as the offset', async () => {
    for (let length = 0; length < sample.length; length++) {
      const { bytes, error } = await outcomeOf(kind, sample.subarray(0, length))
      expect({ length, code: error?.code, offset: error?.offset }).toEqual({
        length,
        code: 'ERR_TRUNCATED',
        offset: length,
      })
      expect(SEQ_60.subarray(0, bytes.length)).toEqual(bytes)
    }
  })

  test('refuses a second stream that is cut short, after the bytes of the first', async () => {
    for (let length = 1; length < sample.length; length++) {
      const { bytes, error } = await outcomeOf(kind, concatenated(sample, sample.subarray(0, length)))
      expect({ length, code: error?.code }).toEqual({ length, code: 'ERR_TRUNCATED' })
      expect(bytes.subarray(0, SEQ_60.length)).toEqual(SEQ_60)
    }
  })

  test('answers any mutation with bytes or an ArchiveError', async () => {
    const mutations = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const damaged = sample.slice()
        for (const [at, mask] of changes) damaged[at] = (damaged[at] ?? 0) ^ mask
        const { error } = await outcomeOf(kind, damaged)
        if (error !== undefined) expect(error.offset).toBeLessThanOrEqual(damaged.length)
      }),
      { numRuns: 400 },
    )
  })

  test('refuses what does not start with its magic', async () => {
    const { error } = await outcomeOf(kind, new Uint8Array(64).fill(0x41))
    expect(error).toMatchObject({ code: 'ERR_COMPRESSION', location: 'sample' })
  })

  test('notices bytes behind the stream, and reads them all', async () => {
    const { bytes, notices, error } = await outcomeOf(kind, concatenated(sample, new Uint8Array(100).fill(0x41)))
    expect(bytes).toEqual(SEQ_60)
    expect(error).toBeUndefined()
    expect(notices).toMatchObject([
      { kind: 'trailing-bytes', offset: sample.length, message: expect.stringMatching(/^100 /) },
    ])
  })

  test('closes its source when the consumer leaves early', async () => {
    let closed = false
    async function* source() {
      try {
        for (;;) yield* chunksOf(sample)
      } finally {
        closed = true
      }
    }
    for await (const chunk of decompress(kind, source(), options)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(closed).toBe(true)
  })

  test('passes on what its source throws', async () => {
    const failure = new ArchiveError('ERR_IO', 'the disk is gone')
    async function* source() {
      yield* chunksOf(sample.subarray(0, 20))
      throw failure
    }
    await expect(collect(decompress(kind, source(), options))).rejects.toBe(failure)
  })

  test('decodes two streams in turn without either waiting for the other', async () => {
    const [left, right] = [decompress(kind, chunksOf(sample), options), decompress(kind, chunksOf(sample), options)]
    const first = await left.next()
    expect(await collect(right)).toEqual(SEQ_60)
    expect(first.value).toEqual(SEQ_60)
    expect((await left.next()).done).toBe(true)
  })
})

test('a trap in a decoder is damage, not a raw error', async () => {
  const trap = Object.assign(new Error('unreachable'), { name: 'RuntimeError' })
  async function* source() {
    yield* chunksOf(SAMPLES.zstd.subarray(0, 9))
    throw trap
  }
  const failure = collect(decompress('zstd', source(), options))
  await expect(failure).rejects.toMatchObject({ code: 'ERR_COMPRESSION', offset: 9, cause: trap })
})

test('none passes the bytes through', async () => {
  expect(await collect(decompress('none', chunksOf(SEQ_60, [7]), options))).toEqual(SEQ_60)
})

describe('the corpus', () => {
  const corpus = new URL('../../../shared/corpus/', import.meta.url)
  const index = new URL('EXPECTED.json', corpus)

  interface Facts {
    readonly compression?: string
    readonly decompressed_sha256?: string
    readonly decompress_error?: string
  }

  function compressedFiles(): [string, Facts][] {
    if (!existsSync(index)) return []
    // The index is ours to read: Python wrote it, NaN and all.
    const { files } = JSON.parse(readFileSync(index, 'utf8').replaceAll(/\bNaN\b/g, 'null')) as {
      files: Record<string, { facts?: Facts }>
    }
    return Object.entries(files)
      .map(([name, { facts = {} }]): [string, Facts] => [name, facts])
      .filter(([name, facts]) => /^(tars|hostile\/t-)/.test(name) && facts.decompressed_sha256 !== undefined)
  }

  test.skipIf(!existsSync(index))('unpacks to the same bytes as gzip, zstd, xz and bzip2 do', async () => {
    for (const [name, facts] of compressedFiles()) {
      const file = new URL(name, corpus)
      const kind = detectCompression(readFileSync(file).subarray(0, SNIFF_BYTES))
      if (name === 'hostile/t-ff.tar.gz' || facts.decompress_error?.includes('invalid') || kind === 'none') continue
      const hash = createHash('sha256')
      const limits = { ...DEFAULT_LIMITS, ratio: 1_000_000 }
      const stream = decompress(kind, createReadStream(file), { limits, location: name })
      const failure = await (async () => {
        for await (const chunk of stream) hash.update(chunk)
      })().catch((error: unknown) => error)
      if (facts.decompress_error?.includes('Unsupported') === true) {
        expect(failure, name).toBeInstanceOf(ArchiveError)
        continue
      }
      expect({ name, failure, sha256: hash.digest('hex') }).toEqual({
        name,
        failure: undefined,
        sha256: facts.decompressed_sha256,
      })
    }
  })

  test.skipIf(!existsSync(index)).each(['hostile/t-bomb.tar.gz', 'hostile/t-bomb.tar.zst'])(
    'stops %s at the ratio limit',
    async (name) => {
      const bytes = readFileSync(new URL(name, corpus))
      const { bytes: given, error } = await outcomeOf(detectCompression(bytes), bytes, { ratio: 500 })
      expect(error).toMatchObject({ code: 'ERR_LIMIT', hint: expect.stringContaining('--limit-ratio') })
      expect(given.length).toBeLessThanOrEqual(64 * 1024 * 1024)
    },
  )
})
