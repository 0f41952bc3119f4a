import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  digest,
  dockerSave,
  dockerV1,
  hybrid,
  layer,
  offsetOf,
  ociLayout,
  packed,
  PLAIN,
  type ImageFixture,
} from '../support/archives.js'
import { cutsIn, sha256 } from '../support/chunks.js'
import { openedBytes, told, troubles, type Opened } from '../support/opened.js'

const [base = layer('a'), top = layer('b')] = PLAIN.layers
const ZIPPED: ImageFixture = {
  names: ['zipped:1'],
  layers: [base, new Uint8Array(gzipSync(top))],
  diffIDs: [digest(base), digest(top)],
}

const ARCHIVES: Readonly<Record<string, Uint8Array>> = {
  'docker-save': packed(dockerSave(PLAIN, ZIPPED)),
  'docker-save in gzip': new Uint8Array(gzipSync(packed(dockerSave(PLAIN)))),
  'oci-layout': packed(ociLayout(PLAIN)),
  hybrid: packed(hybrid(PLAIN)),
  'docker-v1': packed(dockerV1(PLAIN)),
  rootfs: layer('etc/passwd', 'root\n'),
}
const NAMES = Object.keys(ARCHIVES)
const bytesOf = (name: string): Uint8Array => ARCHIVES[name] ?? new Uint8Array(0)

/** What does not depend on how the archive was named. */
function essence({ format, reports, findings, error }: Opened): unknown {
  const places = findings.map(({ code, message, where: { archive: _, ...place }, ...rest }) => ({
    code,
    message,
    place,
    rest,
  }))
  return { format, reports, places, error: error && [error.code, error.offset] }
}

/** Whether the answer is one: read without a finding, or refused with code and place. */
function isAnswered({ error, findings }: Opened): boolean {
  if (error !== undefined) return error.location !== undefined && error.message !== ''
  return findings.every(({ where }) => where.archive !== '')
}

const isTroubled = (outcome: Opened): boolean => outcome.error !== undefined || troubles(outcome).length > 0

describe.each(NAMES)('%s', (name) => {
  const whole = bytesOf(name)

  test('gives through a pipe what it gives as a file, however the stream is cut', async () => {
    const expected = essence(await openedBytes('file', whole))
    await fc.assert(
      fc.asyncProperty(cutsIn(whole.length), async (cuts) => {
        expect(essence(await openedBytes('pipe', whole, { cuts }))).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })

  test('gives the same byte by byte', async () => {
    const cuts = Array.from(whole, (_, at) => at)
    expect(essence(await openedBytes('pipe', whole, { cuts }))).toEqual(essence(await openedBytes('file', whole)))
  })

  test('is read or refused with code and place at every prefix, and never taken for whole', async () => {
    // Of a tar, the end marker and what fills the last block say nothing that could be missed but the marker itself.
    const step = name.endsWith('gzip') ? 7 : 61
    for (let end = 0; end < whole.length; end += step) {
      const outcome = await openedBytes('pipe', whole.subarray(0, end))
      expect([end, isAnswered(outcome)]).toEqual([end, true])
      const isWhole = end > whole.length - 1024 && !name.endsWith('gzip')
      if (!isWhole) expect([end, isTroubled(outcome)]).toEqual([end, true])
    }
  })

  test('is told apart from a prefix as a file, too', async () => {
    for (let end = 1; end < whole.length - 1024; end += 509) {
      const outcome = await openedBytes('file', whole.subarray(0, end))
      expect([end, isAnswered(outcome), isTroubled(outcome)]).toEqual([end, true, true])
    }
  })
})

/** Changes of some bytes, of blocks, and of the length. */
function mutated(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(bytes.length - 1)
  const set = fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 8 }).map((changes) => {
    const copy = bytes.slice()
    for (const [place, value] of changes) copy[place] = value
    return copy
  })
  const moved = fc.tuple(at, at, fc.nat(2048)).map(([from, to, length]) => {
    const copy = bytes.slice()
    copy.set(
      bytes
        .subarray(from, Math.min(from + length, bytes.length - Math.max(0, to - from)))
        .subarray(0, bytes.length - to),
      to,
    )
    return copy
  })
  const cut = fc
    .tuple(at, at)
    .map(([a, b]) => Uint8Array.from([...bytes.subarray(0, Math.min(a, b)), ...bytes.subarray(Math.max(a, b))]))
  return fc.oneof({ weight: 4, arbitrary: set }, { weight: 1, arbitrary: moved }, { weight: 1, arbitrary: cut })
}

test('thousands of mutations are read or refused, never with anything but an ArchiveError', async () => {
  const arbitrary = fc.constantFrom(...NAMES).chain((name) => mutated(bytesOf(name)))
  await fc.assert(
    fc.asyncProperty(arbitrary, async (bytes) => {
      expect(isAnswered(await openedBytes('pipe', bytes))).toBe(true)
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 20_000 },
  )
})

test('mutations give as a file what they give through a pipe, or both are in trouble', async () => {
  const arbitrary = fc.constantFrom(...NAMES).chain((name) => mutated(bytesOf(name)))
  await fc.assert(
    fc.asyncProperty(arbitrary, async (bytes) => {
      const [file, pipe] = [await openedBytes('file', bytes), await openedBytes('pipe', bytes)]
      expect(isTroubled(file)).toBe(isTroubled(pipe))
      if (!isTroubled(file)) expect(pipe.reports).toEqual(file.reports)
    }),
    { numRuns: 600, interruptAfterTimeLimit: 15_000 },
  )
})

// The claims of an image: every one of these bytes is under a digest.
const PROVED: readonly (readonly [string, readonly Uint8Array[]])[] = ['docker-save', 'oci-layout', 'hybrid'].map(
  (name) => {
    const documents = [...(name === 'docker-save' ? dockerSave(PLAIN) : ociLayout(PLAIN))]
    const blobs = documents.filter(([path, bytes]) => path.includes(sha256(bytes))).map(([, bytes]) => bytes)
    return [name, [...PLAIN.layers, ...blobs]]
  },
)

test.each(PROVED)('a flipped bit of a layer, config or manifest of %s is always told', async (name, blobs) => {
  const whole = bytesOf(name)
  const places = fc
    .constantFrom(...blobs)
    .chain((bytes) => fc.nat(bytes.length - 1).map((at) => offsetOf(whole, bytes) + at))
  await fc.assert(
    fc.asyncProperty(places, fc.nat(7), fc.constantFrom('file', 'pipe'), async (at, bit, way) => {
      const copy = whole.slice()
      copy[at] = (copy[at] ?? 0) ^ (1 << bit)
      const outcome = await openedBytes(way, copy)
      expect(told(outcome).length).toBeGreaterThan(0)
      expect(isTroubled(outcome)).toBe(true)
    }),
    { numRuns: 300 },
  )
})
