import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import type { WriteTarget } from '../../src/formats/write/index.js'
import { findingLog } from '../../src/model/finding-log.js'
import {
  blob,
  changed,
  digest,
  dockerSave,
  dockerV1,
  flipped,
  hybrid,
  layer,
  manifestOf,
  ociLayout,
  packed,
  type ImageFixture,
} from '../support/archives.js'
import { freshFolder } from '../support/folder.js'
import { saved, type SaveSettings } from '../support/saving.js'

const TARGETS: readonly (readonly [string, WriteTarget])[] = [
  ['universal', { format: 'docker-archive', layout: 'universal' }],
  ['hybrid', { format: 'docker-archive', layout: 'hybrid' }],
  ['classic', { format: 'docker-archive', layout: 'classic' }],
  ['oci-archive', { format: 'oci-archive', layout: 'universal' }],
]
const OCI: WriteTarget = { format: 'oci-archive', layout: 'universal' }

const base = layer('base', 'b'.repeat(9000))
const layers = [base, layer('top', 't'.repeat(3000))]
const plain: ImageFixture = { names: ['app:1'], layers }
/** The same image with compressed layers; levels make different bytes of different sizes. */
const gzipped = (...levels: readonly number[]): ImageFixture => ({
  ...plain,
  layers: layers.map((bytes, at) => new Uint8Array(gzipSync(bytes, { level: levels[at] ?? levels[0] ?? 6 }))),
  diffIDs: layers.map(digest),
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
})
const named = (image: ImageFixture, ...names: readonly string[]): ImageFixture => ({ ...image, names })

const inFolder = freshFolder()

const out = (): string => inFolder('out.tar')

function* permutations<T>(all: readonly T[]): Generator<readonly T[]> {
  if (all.length < 2) yield all
  for (const [at, first] of all.entries()) {
    for (const rest of permutations([...all.slice(0, at), ...all.slice(at + 1)])) yield [first, ...rest]
  }
}

/** Saves archives in every order; gives what came of it, each once: the digest of what was written, or the error. */
async function outcomes(archives: readonly Uint8Array[], settings: SaveSettings = {}): Promise<ReadonlySet<string>> {
  const files = archives.map((_, at) => inFolder(`${String(at)}.tar`))
  for (const [at, bytes] of archives.entries()) await writeFile(files[at] ?? '', bytes)
  const seen = new Set<string>()
  for (const order of permutations(files)) seen.add(digest(await saved(order, out(), settings)))
  return seen
}

async function written(): Promise<{ manifest: string | undefined; names: readonly string[]; digests: unknown }[]> {
  await using archive = await openArchive(out(), runContext())
  return archive.images.map(({ manifest, names, layers: own }) => ({
    manifest: manifest?.digest,
    names,
    digests: own.map(({ claims }) => claims.digest),
  }))
}

describe('one image in several shapes', () => {
  const shapes = [
    packed(dockerSave(named(plain, 'app:save'))),
    packed(hybrid(named(gzipped(6), 'app:hybrid'))),
    packed(ociLayout(named(gzipped(9), 'app:oci'))),
    packed(ociLayout(named(plain, 'app:plain'))),
  ]

  test.each(TARGETS)('gives the same %s in every order', async (_, target) => {
    expect(await outcomes(shapes, { target })).toHaveProperty('size', 1)
    expect((await written()).map(({ names }) => [...names].sort())).toEqual([
      ['app:hybrid', 'app:oci', 'app:plain', 'app:save'],
    ])
  })

  test('gives the same in every order where all is compressed anew', async () => {
    const compress = { kind: 'gzip', level: 2 } as const
    expect(await outcomes(shapes, { compress })).toHaveProperty('size', 1)
  })

  test('is the one whose manifest stays, even where another is smaller', async () => {
    await outcomes([packed(dockerSave(gzipped(9))), packed(ociLayout(gzipped(1)))])
    expect(await written()).toMatchObject([{ manifest: digest(manifestOf(gzipped(1))) }])
    await outcomes([packed(ociLayout(plain)), packed(dockerSave(gzipped(9)))], { target: OCI })
    expect(await written()).toMatchObject([{ manifest: digest(manifestOf(plain)) }])
  })

  test('is the smallest of those whose manifests stay', async () => {
    await outcomes([packed(ociLayout(gzipped(1))), packed(ociLayout(plain)), packed(hybrid(gzipped(9)))])
    expect(await written()).toMatchObject([{ manifest: digest(manifestOf(gzipped(9))) }])
  })

  test('is decided by digests where all else is equal', async () => {
    // gzip tells the system that made it in one byte: the same size, another blob.
    const one = gzipped(6)
    const other = { ...one, layers: one.layers.map((bytes) => flipped(bytes, 9, 4)) }
    for (const form of [dockerSave, hybrid, ociLayout]) {
      expect(await outcomes([packed(form(one)), packed(form(other))])).toHaveProperty('size', 1)
    }
  })
})

describe('images for which no archive says what they are', () => {
  const rootfs = ['one', 'two', 'six'].map((text) => layer('etc/a', text))

  test.each([
    ['root filesystems of one size', rootfs],
    ['the same one twice, and another', [rootfs[0], rootfs[1], rootfs[0]]],
    ['v1 archives, one of them compressed', [packed(dockerV1(plain)), packed(dockerV1(gzipped(6)))]],
    ['v1 archives, each compressed in part', [gzipped(6, 0), gzipped(0, 6)].map((one) => packed(dockerV1(one)))],
  ])('give the same in every order: %s', async (_, archives) => {
    const all = archives.flatMap((one) => one ?? [])
    for (const compress of ['keep', { kind: 'gzip' }, { kind: 'none' }] as const) {
      expect(await outcomes(all, { compress })).toHaveProperty('size', 1)
      expect(await outcomes(all, { compress, target: OCI })).toHaveProperty('size', 1)
    }
  })
})

describe('a damaged copy', () => {
  const damaged = {
    ...plain,
    layers: [layer('base', 'B'.repeat(9000)), layers[1] ?? layer('top')],
    diffIDs: layers.map(digest),
  }

  test.each([
    ['the same shape', packed(dockerSave(damaged)), packed(dockerSave(plain))],
    [
      'a better shape',
      packed(changed(ociLayout(plain), { [blob(base)]: layer('base', 'B'.repeat(9000)) })),
      packed(dockerSave(plain)),
    ],
    [
      'one that cannot be decompressed',
      packed(
        changed(hybrid(gzipped(9)), {
          [blob(gzipped(9).layers[0] ?? base)]: new Uint8Array(50),
        }),
      ),
      packed(dockerSave(plain)),
    ],
  ])('is passed over and told, in every order: %s', async (_, bad, good) => {
    for (const compress of ['keep', { kind: 'gzip' }] as const) {
      const log = findingLog('out.tar')
      expect(await outcomes([bad, good], { compress, log })).toEqual(await outcomes([good], { compress }))
      // Where nothing speaks for the damaged one it is not even looked at.
      if (compress === 'keep') expect(log.findings[0]?.code).toBe('OUTPUT_COPY_DAMAGED')
    }
  })

  test('is passed over however many there are, and whatever stands beside', { timeout: 30_000 }, async () => {
    // One damaged layer that many images of one archive share, and many that have each their own.
    const shared = Array.from({ length: 2000 }, (_, at) => named(damaged, `shared:${String(at)}`))
    const own = Array.from({ length: 40 }, (_, at) => ({
      ...named(damaged, `own:${String(at)}`),
      layers: [layer('base', `${String(at)}${'B'.repeat(9000)}`), layers[1] ?? base],
    }))
    const log = findingLog('out.tar')
    await outcomes([packed(dockerSave(...shared, ...own)), packed(dockerSave(plain))], { log })
    expect((await written())[0]?.names).toHaveLength(2041)
    // Each damaged layer is told once in each of the two runs.
    expect(log.findings.map(({ code }) => code)).toEqual(Array.from({ length: 82 }, () => 'OUTPUT_COPY_DAMAGED'))
  })

  test('is refused where there is no other', async () => {
    const log = findingLog('out.tar')
    await expect(outcomes([packed(dockerSave(damaged)), packed(ociLayout(damaged))], { log })).rejects.toMatchObject({
      code: 'ERR_DIGEST',
    })
    expect(log.findings).toEqual([])
  })
})
