import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'vitest'
import { expect } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { compressionsOf, LAYOUTS, openSink, writeImages, WRITTEN_FORMATS } from '../../src/formats/write/index.js'
import type { Image } from '../../src/model/image.js'
import { prepareImages } from '../../src/ops/prepare.js'
import { verify } from '../../src/ops/verify.js'
import { digest, dockerSave, hybrid, layer, ociLayout, packed, type ImageFixture } from '../support/archives.js'
import { testFolder } from '../support/folder.js'

const context = runContext()
const inFolder = testFolder()

const LAYERS = ['a', 'b', 'c', 'd'].map((name) => layer(name, name.repeat(700)))
const GZIPPED = LAYERS.map((bytes) => new Uint8Array(gzipSync(bytes)))

/** An image of some of the layers, in any order, the same one perhaps twice, all plain or all gzipped. */
const anImage = fc
  .record({
    picks: fc.array(fc.nat({ max: LAYERS.length - 1 }), { maxLength: 5 }),
    isGzip: fc.boolean(),
    author: fc.string(),
  })
  .map(({ picks, isGzip, author }): Omit<ImageFixture, 'names'> => {
    const of = (from: readonly Uint8Array[]) => picks.map((at) => from[at] ?? new Uint8Array(0))
    const config = { author }
    if (!isGzip) return { layers: of(LAYERS), config }
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'
    return { layers: of(GZIPPED), diffIDs: of(LAYERS).map(digest), mediaType, config }
  })

const FORMATS = { dockerSave, hybrid, ociLayout }
const inputs = fc.array(
  fc.record({
    format: fc.constantFrom('dockerSave', 'hybrid', 'ociLayout'),
    images: fc.array(anImage, { minLength: 1, maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 3 },
)

async function save(
  archives: readonly string[],
  target: { readonly format: (typeof WRITTEN_FORMATS)[number]; readonly layout: (typeof LAYOUTS)[number] },
  path: string,
): Promise<readonly Image[]> {
  const opened = await Promise.all(archives.map((archive) => openArchive(archive, context, { access: 'random' })))
  try {
    const images = opened.flatMap((archive) => archive.images)
    await using sink = await openSink(target, { path, force: true })
    const options = { compress: 'keep', holds: compressionsOf(target), staging: sink } as const
    await writeImages(sink, { images: await prepareImages(images, options, context) }, target, context)
    await sink.commit()
    return images
  } finally {
    for (const archive of opened) await archive[Symbol.asyncDispose]()
  }
}

const idOf = ({ configSource }: Image): string => (configSource.kind === 'stored' ? configSource.document.digest : '')
const said = (images: readonly Image[]): unknown =>
  [...new Map(images.map((image) => [idOf(image), image])).values()]
    .map((image) => ({
      id: idOf(image),
      names: images
        .filter((other) => idOf(other) === idOf(image))
        .flatMap(({ names }) => names)
        .sort(),
      diffIDs: image.layers.map(({ claims }) => claims.diffID),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))

test('whatever is saved comes back the same and whole, and saving what was saved changes no byte', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      inputs,
      fc.constantFrom(...WRITTEN_FORMATS),
      fc.constantFrom(...LAYOUTS),
      async (given, format, layout) => {
        run += 1
        const target = { format, layout }
        const files = await Promise.all(
          given.map(async ({ format: form, images }, at) => {
            const file = inFolder(`${String(run)}-${String(at)}.tar`)
            const named = images.map((image, index) => ({ ...image, names: [`app-${String(at)}-${String(index)}:1`] }))
            await writeFile(file, packed(FORMATS[form](...named)))
            return file
          }),
        )
        const place = (name: string) => inFolder(`${String(run)}-${name}`)
        const [once, twice, thrice] = [place('once'), place('twice'), place('thrice')]
        const before = await save(files, target, once)
        await using after = await openArchive(once, context, { access: 'random' })
        expect(said(after.images)).toEqual(said(before))
        const { findings } = await verify(after, context)
        expect(findings).toEqual([])
        await save([once], target, twice)
        // What had to be made anew stands first in an archive; from the second time on nothing has to.
        await save([twice], target, thrice)
        const file = format === 'oci' ? 'index.json' : ''
        expect((await readFile(join(thrice, file))).equals(await readFile(join(twice, file)))).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})
