import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import type { Measurement } from '../../src/tar/measurement.js'
import { looksLikeTar, measureBlob, type MeasureOptions } from '../../src/tree/measure.js'
import { digest } from '../support/archives.js'
import { chunksOf, concatenated, cutsIn } from '../support/chunks.js'
import { layerTar } from '../support/layers.js'
import { member, tarOf } from '../support/tar-blocks.js'

const TAR = layerTar([{ path: 'a', content: 'hello' }, { path: 'b' }])
const ZIPPED = new Uint8Array(gzipSync(TAR))

function measure(
  bytes: Uint8Array,
  layer: MeasureOptions['layer'] = 'yes',
  cuts: readonly number[] = [],
): Promise<Measurement> {
  return measureBlob(chunksOf(bytes, cuts), { limits: DEFAULT_LIMITS, location: 'blob', layer })
}
const codes = ({ notices }: Measurement) => notices.map(({ code }) => code)

describe('a blob', () => {
  test('stored plain is its own layer', async () => {
    expect(await measure(TAR)).toMatchObject({
      digest: digest(TAR),
      diffID: digest(TAR),
      size: TAR.length,
      diffSize: TAR.length,
      compression: 'none',
      tar: { entries: 2, contentSize: 5, whole: true },
      notices: [],
    })
  })

  test('stored compressed has a digest of what is stored and a diffID of what is in it', async () => {
    expect(await measure(ZIPPED)).toMatchObject({
      digest: digest(ZIPPED),
      diffID: digest(TAR),
      size: ZIPPED.length,
      diffSize: TAR.length,
      compression: 'gzip',
      tar: { entries: 2, whole: true },
    })
  })

  test('is measured alike however it is cut', async () => {
    for (const bytes of [TAR, ZIPPED]) {
      const whole = await measure(bytes, 'sniff')
      await fc.assert(
        fc.asyncProperty(cutsIn(bytes.length), async (cuts) => {
          expect(await measure(bytes, 'sniff', cuts)).toEqual(whole)
        }),
        { numRuns: 50 },
      )
    }
  })

  test('has a diffID over every byte, those behind the end marker too', async () => {
    const longer = concatenated(TAR, new Uint8Array(512).fill(7))
    const measured = await measure(longer)
    expect(measured.diffID).toBe(digest(longer))
    expect(measured.notices).toMatchObject([{ code: 'LAYER_TRAILING_BYTES', layerOffset: TAR.length }])
  })

  test('is hashed by other algorithms where that is asked', async () => {
    const options = { limits: DEFAULT_LIMITS, location: 'blob', layer: 'no', algorithms: ['sha512'] } as const
    const { sha512 } = await measureBlob(chunksOf(new TextEncoder().encode('abc')), options)
    expect(sha512).toMatch(/^sha512:ddaf35a193617abacc417349ae204131/) // FIPS 180-4, "abc"
  })
})

describe('damage', () => {
  test('of the compression is told, and the stored bytes are hashed all the same', async () => {
    const cut = ZIPPED.subarray(0, ZIPPED.length - 12)
    const measured = await measure(cut)
    expect(measured).toMatchObject({ digest: digest(cut), size: cut.length })
    expect(measured.diffID).toBeUndefined()
    expect(measured.notices).toMatchObject([{ code: 'LAYER_COMPRESSION', offset: cut.length }])
    expect(measured.tar?.whole).toBe(false)
  })

  test('of the checksum does not stop it', async () => {
    const copy = ZIPPED.slice()
    copy[copy.length - 5] = (copy.at(-5) ?? 0) ^ 1
    const measured = await measure(copy)
    expect(codes(measured)).toEqual(['LAYER_CHECKSUM'])
    expect(measured.diffID).toBe(digest(TAR))
  })

  test('of the tar is told at its header', async () => {
    const broken = tarOf(member({ name: 'a' }), member({ name: 'b', checksum: 'wrong' }))
    expect((await measure(broken)).notices).toMatchObject([{ code: 'LAYER_TAR', layerOffset: 512 }])
  })

  test.each([
    ['nothing', new Uint8Array(0), ['LAYER_EMPTY']],
    ['a tar without its end', TAR.subarray(0, -1024), ['LAYER_END_MISSING']],
    ['a header cut off', TAR.subarray(0, 700 + 512), ['LAYER_TAR']],
    ['noise', new Uint8Array(2048).fill(9), ['LAYER_TAR']],
    ['bytes behind the stream', concatenated(ZIPPED, Uint8Array.of(1, 2)), ['LAYER_COMPRESSION_TRAILING']],
  ])('%s is told', async (_, bytes, expected) => {
    expect(codes(await measure(bytes))).toEqual(expected)
  })
})

describe('a blob of which nobody knows whether it is a layer', () => {
  test.each([
    ['a tar', TAR, true],
    ['a compressed tar', ZIPPED, true],
    ['a V7 tar, known by its checksum', tarOf(member({ name: 'a', magic: 'v7' })), true],
    ['an empty tar', new Uint8Array(1024), true],
    ['JSON', new TextEncoder().encode('{}'.padEnd(2000)), false],
    ['nothing', new Uint8Array(0), false],
  ])('is taken for one when it is %s', async (_, bytes, isLayer) => {
    expect((await measure(bytes, 'sniff')).tar !== undefined).toBe(isLayer)
  })

  test('is looked at however small its first pieces are', async () => {
    const members = concatenated(gzipSync(TAR.subarray(0, 100)), gzipSync(TAR.subarray(100)))
    expect((await measure(members, 'sniff')).tar).toMatchObject({ entries: 2 })
  })
})

test('a header needs all of its 512 bytes to look like one', () => {
  expect(looksLikeTar(TAR)).toBe(true)
  expect(looksLikeTar(TAR.subarray(0, 511))).toBe(false)
})
