import { readFile, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fileOutput } from '../../src/bytes/output.js'
import { fileSource } from '../../src/bytes/source.js'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { assumeBases } from '../../src/ops/assume.js'
import { findRecord, writeHydrated } from '../../src/ops/hydrate.js'
import { writeThin } from '../../src/ops/thin.js'
import { verify } from '../../src/ops/verify.js'
import {
  blob,
  changed,
  digest,
  dockerSave,
  dockerV1,
  flipped,
  hybrid,
  layer,
  ociLayout,
  packed,
  type ImageFixture,
} from '../support/archives.js'
import { freshFolder } from '../support/folder.js'

const context = runContext()
const [base, middle, top] = [layer('base', 'b'.repeat(5000)), layer('middle'), layer('top')]
const BASE: ImageFixture = { names: ['base:1'], layers: [base, middle] }
const APP: ImageFixture = { names: ['app:1'], layers: [base, middle, top] }

const gzipped = (image: ImageFixture): ImageFixture => ({
  ...image,
  layers: image.layers.map((bytes) => new Uint8Array(gzipSync(bytes))),
  diffIDs: image.layers.map(digest),
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
})

const at = freshFolder()

/** What the last run had to say: the code and the layer of each finding. */
let said: readonly string[] = []

/** Makes `app.tar` thin by `base.tar`; gives the diffIDs that were left out. */
async function thinned(app: Uint8Array, baseBytes: Uint8Array): Promise<readonly (string | undefined)[]> {
  await writeFile(at('app.tar'), app)
  await writeFile(at('base.tar'), baseBytes)
  await using archive = await openArchive(at('app.tar'), context)
  await using bases = await openArchive(at('base.tar'), context)
  await using source = await fileSource(at('app.tar'))
  await using output = await fileOutput(at('thin.tar'), { force: true })
  const input = { archive: source, images: archive.images, bases: bases.images }
  const { leftOut, findings } = await writeThin(input, output, context)
  await output.commit()
  said = findings.map(({ code, where }) => `${code} ${String(where.layer ?? '')}`.trim())
  return [...leftOut].map(({ claims }) => claims.diffID)
}

/** Makes `thin.tar` whole; `said` is what was told of providers. */
async function hydrated(...from: readonly string[]): Promise<Uint8Array> {
  await using source = await fileSource(at('thin.tar'))
  const thin = await findRecord(source, context)
  if (thin === undefined) throw new Error('there is no record')
  const opened = await Promise.all(from.map((name) => openArchive(at(name), context, { access: 'random' })))
  await using output = await fileOutput(at('whole.tar'), { force: true })
  const providers = opened.flatMap(({ images }) => images)
  const findings = await writeHydrated(thin, providers, output, context).finally(async () => {
    for (const archive of opened) await archive[Symbol.asyncDispose]()
  })
  said = findings.map(({ code, where }) => `${code} ${String(where.layer ?? '')}`.trim())
  await output.commit()
  return await readFile(at('whole.tar'))
}

describe('a thin archive', () => {
  test.each([
    ['docker save', packed(dockerSave(APP)), packed(dockerSave(BASE))],
    ['a hybrid', packed(hybrid(APP)), packed(ociLayout(BASE))],
    ['one with bytes behind its end', new Uint8Array([...packed(dockerSave(APP)), 1, 2, 3]), packed(dockerSave(BASE))],
    ['one without an end', packed(dockerSave(APP)).subarray(0, -1024), packed(dockerSave(BASE))],
  ])('of %s lacks what the base has, and becomes again what it was', async (_, app, baseBytes) => {
    expect(await thinned(app, baseBytes)).toEqual([digest(base), digest(middle)])
    const thin = await readFile(at('thin.tar'))
    expect(thin.length).toBeLessThan(app.length - base.length)
    expect(Buffer.from(await hydrated('base.tar')).equals(app)).toBe(true)
  })

  test.each([
    ['a v1 archive, which claims nothing', packed(dockerV1(BASE))],
    ['an OCI layout with compressed layers', packed(ociLayout(gzipped(BASE)))],
    ['a compressed archive', new Uint8Array(gzipSync(packed(dockerSave(BASE))))],
    ['its first layer alone, as a root filesystem', base],
  ])('becomes whole again from %s', async (_, provider) => {
    const isRootfs = provider === base
    const known = isRootfs ? { names: ['base:1'], layers: [base] } : BASE
    expect((await thinned(packed(dockerSave(APP)), packed(dockerSave(known)))).length).toBe(known.layers.length)
    await writeFile(at('provider.tar'), provider)
    expect(Buffer.from(await hydrated('provider.tar')).equals(await readFile(at('app.tar')))).toBe(true)
  })

  test('of compressed layers becomes whole from a docker archive, which does not claim what they are', async () => {
    expect((await thinned(packed(hybrid(gzipped(APP))), packed(ociLayout(gzipped(BASE))))).length).toBe(2)
    await writeFile(at('provider.tar'), packed(dockerSave(gzipped(BASE))))
    expect(Buffer.from(await hydrated('provider.tar')).equals(await readFile(at('app.tar')))).toBe(true)
  })

  test('lacks what a base has that does not say what its layers are', async () => {
    expect(await thinned(packed(dockerSave(APP)), packed(dockerV1(BASE)))).toEqual([digest(base), digest(middle)])
  })

  test('is whole where its base is assumed, and lacks layers where it is not', async () => {
    await thinned(packed(dockerSave(APP)), packed(dockerSave(BASE)))
    await using thin = await openArchive(at('thin.tar'), context)
    await using bases = await openArchive(at('base.tar'), context)
    const codes = async (archive: typeof thin) => (await verify(archive, context)).findings.map(({ code }) => code)
    expect(await codes(thin)).toEqual(['LAYER_MISSING', 'LAYER_MISSING'])
    expect(await codes(assumeBases(thin, bases.images))).toEqual(['LAYER_ASSUMED', 'LAYER_ASSUMED'])
  })

  test('keeps layers that do not lie on the same ones as in the base', async () => {
    const other = packed(dockerSave({ names: ['other:1'], layers: [top, base] }))
    expect(await thinned(packed(dockerSave(APP)), other)).toEqual([])
    expect(said).toEqual(['OUTPUT_LAYER_KEPT 0', 'OUTPUT_LAYER_KEPT 2', 'OUTPUT_NOTHING_LEFT_OUT'])
    expect(Buffer.from(await hydrated('base.tar')).equals(await readFile(at('app.tar')))).toBe(true)
  })

  test('keeps a layer that another of its images cannot do without', async () => {
    const other = { names: ['other:1'], layers: [top, base] }
    expect(await thinned(packed(dockerSave(APP, other)), packed(dockerSave(BASE)))).toEqual([digest(middle)])
    expect(said).toEqual(['OUTPUT_LAYER_KEPT 1'])
  })

  test('says so where nothing of it is in a base', async () => {
    const other = packed(dockerSave({ names: ['other:1'], layers: [layer('else')] }))
    expect([await thinned(packed(dockerSave(APP)), other), said]).toEqual([[], ['OUTPUT_NOTHING_LEFT_OUT']])
  })

  test('says nothing where it lacks all that the base has', async () => {
    await thinned(packed(dockerSave(APP)), packed(dockerSave(BASE)))
    expect(said).toEqual([])
  })

  test('is not made of an archive with a damaged layer, in the base or not', async () => {
    for (const layers of [
      [base, middle, layer('bad')],
      [layer('bad', 'b'.repeat(5000)), middle, top],
    ]) {
      const damaged = packed(dockerSave({ ...APP, layers, diffIDs: APP.layers.map(digest) }))
      await expect(thinned(damaged, packed(dockerSave(BASE)))).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    }
  })

  test('leaves compressed layers out only where the base has the very same bytes', async () => {
    const gz = (bytes: Uint8Array, level: number) => new Uint8Array(gzipSync(bytes, { level }))
    const compressed = (image: ImageFixture, level: number): ImageFixture => ({
      ...image,
      layers: image.layers.map((bytes) => gz(bytes, level)),
      diffIDs: image.layers.map(digest),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    })
    const app = packed(hybrid(compressed(APP, 6)))
    expect(await thinned(app, packed(hybrid(compressed(BASE, 6))))).toHaveLength(2)
    expect(Buffer.from(await hydrated('base.tar')).equals(app)).toBe(true)
    // A docker archive has the same bytes, and does not claim it.
    expect(await thinned(app, packed(dockerSave(compressed(BASE, 6))))).toHaveLength(2)
    expect(await thinned(app, packed(hybrid(compressed(BASE, 1))))).toHaveLength(0)
    expect(said).toEqual(['OUTPUT_LAYER_KEPT 0', 'OUTPUT_LAYER_KEPT 1', 'OUTPUT_NOTHING_LEFT_OUT'])
    expect(await thinned(app, packed(dockerSave(BASE)))).toHaveLength(0)
    expect(said).toEqual(['OUTPUT_LAYER_KEPT 0', 'OUTPUT_LAYER_KEPT 1', 'OUTPUT_NOTHING_LEFT_OUT'])
  })
})

describe('hydrate tries the next provider where one is damaged, and says so', () => {
  const wrong = [layer('bad!', 'b'.repeat(5000)), middle]
  const plainBad = packed(dockerSave({ names: [], layers: wrong, diffIDs: BASE.layers.map(digest) }))

  test.each([
    ['a docker archive', packed(dockerSave(BASE)), plainBad],
    ['a v1 archive, which claims nothing', packed(dockerV1(BASE)), plainBad],
    ['a layout of compressed layers', packed(ociLayout(gzipped(BASE))), plainBad],
    [
      'a docker archive, of a layer that cannot be decompressed',
      packed(dockerSave(BASE)),
      packed(changed(ociLayout(gzipped(BASE)), { [blob(gzipped(BASE).layers[0] ?? base)]: new Uint8Array(60) })),
    ],
  ])('%s', async (_, good, bad) => {
    const app = packed(dockerSave(APP))
    await thinned(app, packed(dockerSave(BASE)))
    await writeFile(at('good.tar'), good)
    await writeFile(at('bad.tar'), bad)
    expect(Buffer.from(await hydrated('bad.tar', 'good.tar')).equals(app)).toBe(true)
    expect(said).toEqual(['OUTPUT_COPY_DAMAGED 0'])
    expect(Buffer.from(await hydrated('good.tar', 'bad.tar')).equals(app)).toBe(true)
    await expect(hydrated('bad.tar', 'bad.tar')).rejects.toMatchObject({ code: 'ERR_DIGEST' })
  })

  test('of compressed layers', async () => {
    const app = packed(hybrid(gzipped(APP)))
    await thinned(app, packed(ociLayout(gzipped(BASE))))
    const [first = base] = gzipped(BASE).layers
    await writeFile(at('bad.tar'), packed(changed(ociLayout(gzipped(BASE)), { [blob(first)]: flipped(first, 30) })))
    await writeFile(at('good.tar'), packed(ociLayout(gzipped(BASE))))
    expect(Buffer.from(await hydrated('bad.tar', 'good.tar')).equals(app)).toBe(true)
    expect(said).toEqual(['OUTPUT_COPY_DAMAGED 0'])
  })
})

describe('hydrate refuses', () => {
  test('an archive that lacks a layer, naming it', async () => {
    await thinned(packed(dockerSave(APP)), packed(dockerSave(BASE)))
    await writeFile(at('else.tar'), packed(dockerSave({ names: [], layers: [base] })))
    await expect(hydrated('else.tar')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    await expect(hydrated('else.tar')).rejects.toThrow(digest(middle))
  })

  test('a layer that is not what its archive claims, and a thin archive that was changed', async () => {
    await thinned(packed(dockerSave(APP)), packed(dockerSave(BASE)))
    const lying = dockerSave({
      names: [],
      layers: [layer('bad!', 'b'.repeat(5000)), middle],
      diffIDs: BASE.layers.map(digest),
    })
    await writeFile(at('lying.tar'), packed(lying))
    await expect(hydrated('lying.tar')).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    const thin = await readFile(at('thin.tar'))
    const flipped = thin.indexOf('top')
    thin[flipped] = (thin[flipped] ?? 0) ^ 1
    await writeFile(at('thin.tar'), thin)
    await expect(hydrated('base.tar')).rejects.toMatchObject({ code: 'ERR_DIGEST' })
  })
})
