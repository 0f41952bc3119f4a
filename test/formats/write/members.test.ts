import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openArchive } from '../../../src/formats/index.js'
import { compressionsOf, openSink, writeImages, type WriteTarget } from '../../../src/formats/write/index.js'
import type { Image, ImageArchive } from '../../../src/model/image.js'
import { prepareImages, type PrepareOptions } from '../../../src/ops/prepare.js'
import { verify } from '../../../src/ops/verify.js'
import {
  digest,
  dockerSave,
  dockerV1,
  hybrid,
  json,
  layer,
  ociLayout,
  packed,
  PLAIN,
  type ImageFixture,
} from '../../support/archives.js'
import { freshFolder } from '../../support/folder.js'

const context = runContext()
const UNIVERSAL: WriteTarget = { format: 'docker-archive', layout: 'universal' }
const TARGETS: readonly WriteTarget[] = [
  UNIVERSAL,
  { format: 'docker-archive', layout: 'hybrid' },
  { format: 'docker-archive', layout: 'classic' },
  { format: 'oci-archive', layout: 'universal' },
  { format: 'oci', layout: 'universal' },
]
const name = ({ format, layout }: WriteTarget): string => (format === 'docker-archive' ? `${format}-${layout}` : format)

const packedGzip = (bytes: Uint8Array): Uint8Array => new Uint8Array(gzipSync(bytes))
const [base, top] = [layer('base'), layer('top')]
const GZIPPED: ImageFixture = {
  names: ['gz:1'],
  layers: [packedGzip(base), packedGzip(top)],
  diffIDs: [digest(base), digest(top)],
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

const inFolder = freshFolder()

/** Images of archives given as members, written to `out` in the folder. */
async function written(
  inputs: readonly ReadonlyMap<string, Uint8Array>[],
  target: WriteTarget,
  options: Partial<PrepareOptions> & { readonly out?: string; readonly stdout?: Writable } = {},
): Promise<string> {
  const { out = 'out', stdout, ...prepare } = options
  const archives: ImageArchive[] = []
  try {
    for (const [at, members] of inputs.entries()) {
      const file = inFolder(`${out}-in-${String(at)}.tar`)
      await writeFile(file, packed(members))
      archives.push(await openArchive(file, context, { access: 'random' }))
    }
    const images = archives.flatMap((archive) => archive.images)
    const path = stdout === undefined ? inFolder(out) : '-'
    await using sink = await openSink(target, { path, force: true, ...(stdout && { stdout }) })
    const holds = compressionsOf(target)
    const prepared = await prepareImages(images, { compress: 'keep', holds, staging: sink, ...prepare }, context)
    await writeImages(sink, { images: prepared }, target, context)
    await sink.commit()
    return path
  } finally {
    for (const archive of archives) await archive[Symbol.asyncDispose]()
  }
}

async function read(path: string): Promise<{ images: readonly Image[]; codes: readonly string[] }> {
  const archive = await openArchive(path, context, { access: 'random' })
  const { findings } = await verify(archive, context)
  await archive[Symbol.asyncDispose]()
  return { images: archive.images, codes: findings.map(({ code }) => code) }
}

const idOf = ({ configSource }: Image | Pick<Image, 'configSource'>): string =>
  configSource.kind === 'stored' ? configSource.document.digest : ''

describe.each(TARGETS.map((target) => [name(target), target] as const))('%s', (_, target) => {
  test.each([
    ['docker save', dockerSave(PLAIN)],
    ['a hybrid', hybrid(PLAIN)],
    ['an OCI layout', ociLayout(PLAIN)],
    ['gzipped layers', ociLayout(GZIPPED)],
    ['the same layer twice', dockerSave({ names: ['twice:1'], layers: [base, top, base] })],
    ['no layer at all', dockerSave({ names: ['empty:1'], layers: [] })],
  ])('holds %s, with the same ID, names and diffIDs, and nothing is odd about it', async (__, members) => {
    await writeFile(inFolder('before.tar'), packed(members))
    const before = await read(inFolder('before.tar'))
    const after = await read(await written([members], target))
    expect(after.images.map(idOf)).toEqual(before.images.map(idOf))
    expect(after.images.map(({ names }) => names)).toEqual(before.images.map(({ names }) => names))
    expect(after.images.map(({ layers }) => layers.map(({ claims }) => claims.diffID))).toEqual(
      before.images.map(({ layers }) => layers.map(({ claims }) => claims.diffID)),
    )
    expect(after.codes).toEqual([])
  })

  test('gives a v1 archive the ID that docker would', async () => {
    const members = dockerV1(PLAIN)
    const after = await read(await written([members], target))
    expect(after.images.map(({ names }) => names)).toEqual([['app:1']])
    expect(after.codes).toEqual([])
  })

  test('is the same, byte for byte, in whatever order the images come', async () => {
    const inputs = [dockerSave(PLAIN), ociLayout(GZIPPED), dockerSave({ names: [], layers: [top] })]
    const one = await written(inputs, target, { out: 'one' })
    const two = await written([...inputs].reverse(), target, { out: 'two' })
    if (target.format === 'oci') {
      const list = async (path: string) => (await readdir(path, { recursive: true })).sort()
      expect(await list(one)).toEqual(await list(two))
      expect(await readFile(join(one, 'index.json'))).toEqual(await readFile(join(two, 'index.json')))
    } else expect((await readFile(one)).equals(await readFile(two))).toBe(true)
  })
})

test('a document that nobody would read is not written', async () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `app:${at}`)
  const input = dockerSave({ ...PLAIN, names })
  await expect(written([input], UNIVERSAL)).rejects.toMatchObject({
    code: 'ERR_LIMIT',
    message: expect.stringContaining('index.json would have') as string,
  })
  expect(await readdir(inFolder())).not.toContain('out')
})

describe('layers', () => {
  test('of two images are stored once', async () => {
    const other = { names: ['other:1'], layers: [base, layer('else')] }
    const mine = { names: ['mine:1'], layers: [base, top] }
    const path = await written([dockerSave(mine), dockerSave(other)], UNIVERSAL)
    const archive = await openArchive(path, context)
    const places = archive.images.flatMap(({ layers }) => layers.map(({ offset }) => offset))
    await archive[Symbol.asyncDispose]()
    expect(places).toHaveLength(4)
    expect(new Set(places).size).toBe(3)
  })

  test('that are made on the way are stored once too, and standard output gets the same bytes as a file', async () => {
    const inputs = [
      ociLayout(GZIPPED),
      dockerSave({ names: ['a:1'], layers: [top, base, layer('x')] }),
      ociLayout({ ...GZIPPED, names: ['gz:2'], config: { author: 'else' } }),
    ]
    const classic: WriteTarget = { format: 'docker-archive', layout: 'classic' }
    const path = await written(inputs, classic)
    const chunks: Buffer[] = []
    const stdout = new Writable({
      write(chunk: Buffer, __, done) {
        chunks.push(Buffer.from(chunk))
        done()
      },
    })
    await written(inputs, classic, { stdout })
    expect(Buffer.concat(chunks).equals(await readFile(path))).toBe(true)
    expect((await read(path)).codes).toEqual([])
  })

  test('keep their gzip and their manifest, so that a registry knows them', async () => {
    const { images } = await read(await written([ociLayout(GZIPPED)], UNIVERSAL))
    const [image] = images
    expect(image?.layers.map(({ claims }) => claims.digest)).toEqual(GZIPPED.layers.map(digest))
    const before = inFolder('before.tar')
    await writeFile(before, packed(ociLayout(GZIPPED)))
    expect(image?.manifest?.digest).toBe((await read(before)).images[0]?.manifest?.digest)
  })

  test('are compressed where that is asked for, reproducibly', async () => {
    const compress = { kind: 'gzip', reproducible: true } as const
    const one = await written([dockerSave(PLAIN)], UNIVERSAL, { compress, out: 'one' })
    const two = await written([dockerSave(PLAIN)], UNIVERSAL, { compress, out: 'two' })
    expect((await readFile(one)).equals(await readFile(two))).toBe(true)
    const { images, codes } = await read(one)
    expect(codes).toEqual([])
    expect(images[0]?.layers.every(({ claims }) => claims.mediaType?.endsWith('+gzip') === true)).toBe(true)
  })

  test.each(TARGETS.map((target) => [name(target), target] as const))(
    'that are not what the config says stop %s, which leaves nothing behind',
    async (__, target) => {
      const wrong = dockerSave({ ...PLAIN, diffIDs: [digest(base), digest(top)] })
      await expect(written([wrong], target)).rejects.toMatchObject({ code: 'ERR_DIGEST' })
      expect(await readdir(inFolder())).toEqual(['out-in-0.tar'])
    },
  )
})

test('an image that is there plain and compressed is written once', async () => {
  const plain = dockerSave({ names: ['a:1'], layers: [base, top] })
  const gzipped = ociLayout({ ...GZIPPED, names: ['b:1'] })
  for (const compress of ['keep', { kind: 'gzip' }, { kind: 'none' }] as const) {
    const { images, codes } = await read(await written([plain, gzipped], UNIVERSAL, { compress }))
    expect(images.map(({ names }) => names)).toEqual([['a:1', 'b:1']])
    expect(codes).toEqual([])
  }
})

describe('names', () => {
  test('of one image in several archives come together', async () => {
    const { images } = await read(
      await written([dockerSave(PLAIN), dockerSave({ ...PLAIN, names: ['app:2', 'a:0'] })], UNIVERSAL),
    )
    expect(images.map(({ names }) => names)).toEqual([['a:0', 'app:1', 'app:2']])
  })

  test('of two images cannot be the same in a docker archive', async () => {
    const other = dockerSave({ names: ['app:1'], layers: [top] })
    await expect(written([dockerSave(PLAIN), other], UNIVERSAL)).rejects.toMatchObject({ code: 'ERR_REFERENCE' })
  })

  test('stand for several platforms in an OCI layout', async () => {
    const arm = dockerSave({ ...PLAIN, config: { architecture: 'arm64', variant: 'v8' } })
    const path = await written([dockerSave(PLAIN), arm], { format: 'oci-archive', layout: 'universal' })
    const { images, codes } = await read(path)
    expect(codes).toEqual([])
    expect(images.map(({ names, platform }) => [names[0], platform.architecture]).sort()).toEqual([
      ['app:1', 'amd64'],
      ['app:1', 'arm64'],
    ])
  })
})

test('a lost config and a lost layer are errors', async () => {
  const members = dockerSave(PLAIN)
  const config = [...members.keys()].find((path) => path.endsWith('.json') && path !== 'manifest.json') ?? ''
  const without = (path: string) => new Map([...members].filter(([own]) => own !== path))
  await expect(written([without(config)], UNIVERSAL)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  const tar = [...members.keys()].find((path) => path.endsWith('.tar')) ?? ''
  await expect(written([without(tar)], UNIVERSAL)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  const short = new Map([...members, [config, json({ rootfs: { type: 'layers', diff_ids: [] } })]])
  await expect(written([short], UNIVERSAL)).rejects.toMatchObject({ code: 'ERR_DOCUMENT' })
})
