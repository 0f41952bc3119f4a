import { describe, expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { chainIDs } from '../../src/model/chain-id.js'
import { diffIDOf, digestOf } from '../../src/bytes/digest.js'
import {
  changed,
  digest,
  dockerSave,
  dockerV1,
  flipped,
  hybrid,
  layer,
  ociLayout,
  offsetOf,
  packed,
  PLAIN,
  type ImageFixture,
  type Members,
} from '../support/archives.js'
import { sha256 } from '../support/chunks.js'
import { openedBytes, told, troubles } from '../support/opened.js'

interface Writer {
  readonly name: string
  readonly write: (...images: readonly ImageFixture[]) => Map<string, Uint8Array>
  /** The v1 format has no config, and nothing in it claims a digest. */
  readonly proves: boolean
}

const WRITERS: readonly Writer[] = [
  { name: 'docker-save', write: dockerSave, proves: true },
  { name: 'oci-layout', write: ociLayout, proves: true },
  { name: 'hybrid', write: hybrid, proves: true },
  { name: 'docker-v1', write: dockerV1, proves: false },
]
const WAYS = ['file', 'pipe'] as const
const OTHER: ImageFixture = { names: ['b:2', 'b:latest'], layers: [layer('etc/a', 'one\n'), layer('x')] }

describe.each(WRITERS)('$name', ({ name, write }) => {
  describe.each(WAYS)('as a %s', (way) => {
    const open = (members: Members) => openedBytes(way, packed(members))

    test('is known by its content', async () => {
      expect(await open(write(PLAIN))).toMatchObject({ format: name, error: undefined })
    })

    test('is whole when nothing is wrong', async () => {
      expect(troubles(await open(write(PLAIN, OTHER)))).toEqual([])
    })

    test('has its images with names, layers and chainIDs, base first', async () => {
      const { reports } = await open(write(PLAIN, OTHER))
      expect(reports.map(({ names }) => names)).toEqual([['app:1'], ['b:2', 'b:latest']])
      for (const [at, { layers }] of [PLAIN, OTHER].entries()) {
        const diffIDs = layers.map((bytes) => diffIDOf(digestOf(bytes)))
        expect(reports[at]?.layers.map(({ diffID }) => diffID)).toEqual(diffIDs)
        expect(reports[at]?.layers.map(({ chainID }) => chainID)).toEqual(chainIDs(diffIDs))
        expect(reports[at]?.layers.map(({ size }) => size)).toEqual(layers.map(({ length }) => length))
      }
    })

    test('is the same through gzip', async () => {
      const plain = await open(write(PLAIN))
      const zipped = await openedBytes(way, gzipSync(packed(write(PLAIN))))
      expect(zipped.reports).toEqual(plain.reports)
      expect(told(zipped)).toEqual(told(plain))
    })

    test('may have every member behind ./', async () => {
      const members = new Map([...write(PLAIN)].map(([path, bytes]) => [`./${path}`, bytes]))
      expect(troubles(await open(members))).toEqual([])
    })

    test('tells a layer that is not there', async () => {
      const [, top] = PLAIN.layers
      const members = [...write(PLAIN)].filter(([, bytes]) => bytes !== top)
      const { findings, reports } = await open(new Map(members))
      expect(findings.map(({ code }) => code)).toContain('LAYER_MISSING')
      expect(reports[0]?.layers[1]).toMatchObject({ missing: true })
    })

    test('tells a cut at each place', async () => {
      const whole = packed(write(PLAIN))
      for (let end = 0; end < whole.length - 1024; end += 256) {
        const outcome = await openedBytes(way, whole.subarray(0, end))
        expect([end, outcome.error !== undefined || troubles(outcome).length > 0]).toEqual([end, true])
      }
    })
  })
})

describe.each(WRITERS.filter(({ proves }) => proves))('$name, which has configs,', ({ write }) => {
  describe.each(WAYS)('as a %s', (way) => {
    const open = (members: Members) => openedBytes(way, packed(members))

    test('tells a flipped bit of a layer, and where the layer begins', async () => {
      const [, top = new Uint8Array(0)] = PLAIN.layers
      const whole = packed(write(PLAIN))
      const start = offsetOf(whole, top)
      const { findings } = await openedBytes(way, flipped(whole, start + 512))
      const finding = findings.find(({ code }) => code === 'DIFFID_MISMATCH')
      expect(finding).toMatchObject({ where: { offset: start, layer: 1 }, expected: digest(top) })
      expect(finding?.actual).toBe(digest(flipped(top, 512)))
    })

    test('has the imageID of the bytes of its config', async () => {
      const members = write(PLAIN)
      const [config] = [...members.values()].filter((bytes) => new TextDecoder().decode(bytes).includes('"rootfs"'))
      const { reports } = await open(members)
      expect(reports[0]?.imageID).toBe(`sha256:${sha256(config ?? new Uint8Array(0))}`)
    })

    test('tells a config that is not the one that was claimed', async () => {
      const members = write(PLAIN)
      for (const [path, bytes] of members) {
        if (!new TextDecoder().decode(bytes).includes('"rootfs"')) continue
        const edited = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('/app', '/apt'))
        const codes = told(await open(changed(members, { [path]: edited })))
        expect(codes).toContain('CONFIG_DIGEST_MISMATCH')
      }
    })
  })
})
