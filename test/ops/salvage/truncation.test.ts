import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openArchive } from '../../../src/formats/index.js'
import { looseMembers } from '../../../src/formats/salvage/members.js'
import type { SalvagedImage } from '../../../src/ops/salvage/index.js'
import { salvage } from '../../../src/ops/salvage/index.js'
import { partialExport } from '../../../src/ops/salvage/partial.js'
import { spareParts } from '../../../src/ops/salvage/spare.js'
import { changed, digest, dockerSave, flipped, hybrid, ociLayout, offsetOf, packed } from '../../support/archives.js'
import { collect } from '../../support/chunks.js'
import { testFolder } from '../../support/folder.js'
import { apkLayer, dpkgLayer, pythonLayer } from '../../support/packages.js'
import { randomBelow } from '../../support/random.js'

const at = testFolder()

const LAYERS = [dpkgLayer(), apkLayer(), pythonLayer()]
const IMAGE = { names: ['app:1'], layers: LAYERS }

interface Outcome {
  readonly images: readonly SalvagedImage[]
  /** diffIDs of all layers that came out, in images or as parts. */
  readonly saved: ReadonlySet<string>
  readonly findings: readonly { readonly code: string; readonly where: { readonly offset?: number } }[]
}

async function salvaged(bytes: Uint8Array, from?: Uint8Array): Promise<Outcome> {
  const path = at('broken.tar')
  await writeFile(path, bytes)
  const context = runContext()
  if (from !== undefined) await writeFile(at('from.tar'), from)
  const source = from === undefined ? undefined : await openArchive(at('from.tar'), context)
  await using broken = await looseMembers(path, context)
  const found = await salvage(broken, { sources: source === undefined ? [] : [source], opened: undefined }, context)
  await source?.[Symbol.asyncDispose]()
  const whole = found.images.flatMap(({ layers }) => layers.filter(({ state }) => state === 'intact'))
  const saved = new Set([
    ...whole.flatMap(({ diffID }) => diffID ?? []),
    ...spareParts(found).flatMap(({ part }) => part.diffID ?? []),
  ])
  return { images: found.images, saved, findings: broken.findings }
}

describe.each([
  ['a docker archive', packed(dockerSave(IMAGE))],
  ['an OCI layout', packed(ociLayout(IMAGE))],
  ['both in one', packed(hybrid(IMAGE))],
])('%s', (_, archive) => {
  const ends = LAYERS.map((bytes) => ({ diffID: digest(bytes), end: offsetOf(archive, bytes) + bytes.length }))

  test('gives back exactly the layers that were whole, however it is cut', { timeout: 120_000 }, async () => {
    const random = randomBelow(archive.length)
    for (let turn = 0; turn < 70; turn++) {
      const length = 512 + random(archive.length - 512)
      const { saved, findings } = await salvaged(archive.subarray(0, length))
      const expected = ends.filter(({ end }) => end <= length).map(({ diffID }) => diffID)
      expect([...saved].sort(), `cut at ${String(length)}`).toEqual(expected.sort())
      const told = findings.find(({ code }) => code === 'ARCHIVE_TRUNCATED')
      if (told !== undefined) expect(told.where.offset).toBe(length)
    }
  })

  test('is healed from another copy wherever it is cut behind its config', async () => {
    const random = randomBelow(7)
    const first = Math.max(...ends.map(({ end }) => end))
    for (let turn = 0; turn < 10; turn++) {
      const length = Math.min(archive.length - 1, first + random(archive.length - first))
      const { images } = await salvaged(archive.subarray(0, length), archive)
      expect(images.map(({ whole }) => whole?.names)).toEqual([['app:1']])
    }
  })

  test('gives back every layer behind a damaged header', async () => {
    for (const bytes of LAYERS) {
      const header = offsetOf(archive, bytes) - 512
      // In the name, in the size, in the checksum.
      for (const at of [3, 130, 150]) {
        const { saved, images } = await salvaged(flipped(archive, header + at, 4))
        expect([...saved].sort(), `byte ${String(at)}`).toEqual(ends.map(({ diffID }) => diffID).sort())
        expect(images[0]?.whole?.names).toEqual(['app:1'])
      }
    }
  })

  test('keeps the layers that are intact beside a damaged one, and exports what is readable', async () => {
    const damaged = flipped(archive, offsetOf(archive, LAYERS[1] ?? new Uint8Array(0)) + 600)
    const { saved, images } = await salvaged(damaged)
    expect([...saved].sort()).toEqual([ends[0]?.diffID, ends[2]?.diffID].sort())
    expect(images.map(({ whole }) => whole)).toEqual([undefined])
  })
})

test('a config that was changed is not taken, and healed by the digest of its name', async () => {
  const members = dockerSave(IMAGE)
  const [path = '', config = new Uint8Array(0)] = [...members].find(([name]) => name.endsWith('.json')) ?? []
  const text = new TextDecoder().decode(config).replace('amd64', 'arm64')
  const broken = packed(changed(members, { [path]: new TextEncoder().encode(text) }))
  const alone = await salvaged(broken)
  expect(alone.images.map(({ wanted, whole }) => [wanted.config, whole])).toEqual([[undefined, undefined]])
  const healed = await salvaged(broken, packed(members))
  expect(healed.images.map(({ wanted }) => wanted.config?.origin.kind)).toEqual(['healed'])
  expect(healed.images[0]?.whole?.names).toEqual(['app:1'])
})

test('a source whose layer is damaged itself heals nothing', async () => {
  const archive = packed(dockerSave(IMAGE))
  const damaged = flipped(archive, offsetOf(archive, LAYERS[2] ?? new Uint8Array(0)) + 700)
  const { images } = await salvaged(damaged, damaged)
  expect(images[0]?.layers.map(({ state }) => state)).toEqual(['intact', 'intact', 'damaged'])
})

test('a partial export leaves out the file that is known to be damaged, and no other', async () => {
  const archive = packed(dockerSave(IMAGE))
  const path = at('partial.tar')
  await writeFile(path, flipped(archive, offsetOf(archive, LAYERS[1] ?? new Uint8Array(0)) + 600))
  const context = runContext()
  await using broken = await looseMembers(path, context)
  const { images } = await salvage(broken, { sources: [], opened: undefined }, context)
  const found = await partialExport(images[0]?.layers ?? [], context)
  expect(found).toMatchObject({ leftOut: ['opt/alpine/bin/tool'], missing: [], doubtful: [1] })
  const text = new TextDecoder('latin1').decode(await collect(found.tar()))
  expect(text).toContain('opt/alpine/lib/libtool.so')
  expect(text).not.toContain('opt/alpine/bin/tool\0')
})
