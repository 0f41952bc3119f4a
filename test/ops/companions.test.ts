import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import type { ImageArchive, Image } from '../../src/model/image.js'
import { retag } from '../../src/ops/retag.js'
import { verify } from '../../src/ops/verify.js'
import { blob, descriptor, digest, json, layer, manifestOf, ociLayout, type ImageFixture } from '../support/archives.js'
import { freshFolder } from '../support/folder.js'
import { CLASSIC, resaved, UNIVERSAL, type ResaveSettings } from '../support/resaving.js'

const context = runContext()
const OCI = 'application/vnd.oci.image'

const plain = layer('etc/a')
const image = (architecture: string, bytes = plain): ImageFixture => ({
  names: [],
  layers: [new Uint8Array(gzipSync(bytes))],
  diffIDs: [digest(bytes)],
  mediaType: `${OCI}.layer.v1.tar+gzip`,
  config: { architecture },
})
const AMD = image('amd64')
const ARM = image('arm64', layer('etc/b'))
const statement = json({ predicateType: 'https://slsa.dev/provenance/v1' })
const empty = json({})

/** An attestation as BuildKit writes it. */
function attestation(of: ImageFixture): { bytes: Uint8Array; entry: Record<string, unknown> } {
  const bytes = json({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(`${OCI}.config.v1+json`, empty),
    layers: [descriptor('application/vnd.in-toto+json', statement)],
  })
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': digest(manifestOf(of)),
  }
  const platform = { architecture: 'unknown', os: 'unknown' }
  return { bytes, entry: { ...descriptor(`${OCI}.manifest.v1+json`, bytes), annotations, platform } }
}

interface Layout {
  readonly images: readonly ImageFixture[]
  readonly name?: string
  /** Platforms that the index has and the archive has not. */
  readonly absent?: readonly ImageFixture[]
  readonly without?: Uint8Array
  readonly damaged?: boolean
}

/** A layout of one index with these images and an attestation of the first; gives the index as well. */
function indexed({ images, absent = [], name, without, damaged }: Layout): {
  members: Map<string, Uint8Array>
  index: Uint8Array
} {
  const members = ociLayout(...images)
  const [first = AMD] = images
  const { bytes, entry } = attestation(first)
  const platforms = [...images, ...absent].map((one) => ({
    ...descriptor(`${OCI}.manifest.v1+json`, manifestOf(one)),
    platform: { os: 'linux', architecture: one.config?.architecture },
  }))
  // Blanks and a member of its own: nobody would write these bytes by chance.
  const text = JSON.stringify({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [...platforms, entry] })
  const index = new TextEncoder().encode(`${text}\n \n`)
  for (const one of [bytes, statement, empty, index]) members.set(blob(one), one)
  if (without !== undefined) members.delete(blob(without))
  if (damaged === true) members.set(blob(statement), json({ predicateType: 'https://slsa.dev/provenance/v9' }))
  const annotations = name === undefined ? undefined : { 'io.containerd.image.name': name }
  const pointer = { ...descriptor(`${OCI}.index.v1+json`, index), ...(annotations && { annotations }) }
  members.set('index.json', json({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [pointer] }))
  return { members, index }
}

const inFolder = freshFolder()

const saved = (inputs: readonly ReadonlyMap<string, Uint8Array>[], settings?: ResaveSettings) =>
  resaved(inFolder(), inputs, settings)

const indexes = ({ companions = [] }: ImageArchive) =>
  companions.filter(({ kind }) => kind === 'index').map(({ digest, names }) => [digest, ...names])

describe('an index whose images are all written as they are', () => {
  test('is carried byte for byte, with its attestations, under its name', async () => {
    const { members, index } = indexed({ images: [AMD, ARM], name: 'docker.io/library/app:1' })
    const { after, losses } = await saved([members])
    expect(indexes(after)).toEqual([[digest(index), 'app:1']])
    expect(after.images.map(({ attachments }) => attachments.length)).toEqual([1, 0])
    expect(losses).toEqual([])
    const again = await openArchive(inFolder('out.tar'), context)
    expect((await verify(again, context)).findings).toEqual([])
    await again[Symbol.asyncDispose]()
  })

  test('is carried into a docker archive, whose name can be one image only', async () => {
    const { members, index } = indexed({ images: [ARM], name: 'app:1' })
    const { after, losses } = await saved([members], { target: UNIVERSAL })
    expect(after.format).toBe('hybrid')
    expect(indexes(after)).toEqual([[digest(index), 'app:1']])
    expect(losses).toEqual([])
  })

  test('is carried without a name where it has none', async () => {
    const { members, index } = indexed({ images: [AMD, ARM] })
    expect(indexes((await saved([members])).after)).toEqual([[digest(index)]])
  })

  test('is what new names of its images lead to', async () => {
    const { members, index } = indexed({ images: [AMD, ARM], name: 'app:1' })
    const change = (images: readonly Image[]) =>
      retag(images, new Set(images), { add: ['new:2'], drop: [], only: true })
    expect(indexes((await saved([members], { change })).after)).toEqual([[digest(index), 'new:2']])
  })

  test('may name platforms that the archive does not have', async () => {
    const { members, index } = indexed({ images: [AMD], absent: [ARM], name: 'app:1' })
    const { after, losses } = await saved([members])
    expect([indexes(after), losses]).toEqual([[[digest(index), 'app:1']], []])
  })

  test('comes whole out of archives that have a part of its images each', async () => {
    const one = indexed({ images: [AMD], absent: [ARM], name: 'app:1' })
    // The attestation is about the first image in both, so that both have the same index.
    const two = indexed({ images: [AMD, ARM], name: 'app:1', without: manifestOf(AMD) })
    const { after } = await saved([one.members, two.members])
    expect(after.images.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64'])
    expect(indexes(after)).toEqual([[digest(one.index), 'app:1']])
  })

  test('gives the same bytes whatever the order of the inputs', async () => {
    const one = indexed({ images: [AMD], name: 'app:1' }).members
    const two = indexed({ images: [ARM], name: 'app:2' }).members
    const read = async (inputs: readonly ReadonlyMap<string, Uint8Array>[]) => {
      const { after } = await saved(inputs)
      return [indexes(after), after.images.map(({ names }) => names)]
    }
    expect(await read([one, two])).toEqual(await read([two, one]))
  })
})

test('of an index that several archives have, the same bytes come out in every order, and a damaged copy is no harm', async () => {
  const whole = indexed({ images: [AMD, ARM], name: 'app:1' })
  const damaged = indexed({ images: [AMD, ARM], name: 'app:2', damaged: true })
  const part = indexed({ images: [AMD], absent: [ARM], name: 'app:3' })
  const inputs = [whole.members, damaged.members, part.members, ociLayout({ ...AMD, names: ['app:4'] })]
  const written: Buffer[] = []
  for (const first of [0, 1, 2, 3]) {
    for (const step of [1, 3]) {
      const order = [0, 1, 2, 3].map((at) => inputs[(first + at * step) % 4] ?? new Map<string, Uint8Array>())
      const { after, losses } = await saved(order)
      expect(new Set(indexes(after).map(([index]) => index))).toEqual(new Set([digest(whole.index)]))
      expect(losses).toEqual([])
      written.push(await readFile(inFolder('out.tar')))
    }
  }
  expect(written.filter((bytes) => written[0]?.equals(bytes) !== true)).toEqual([])
})

describe('an index stays behind, and a note says so', () => {
  const LEFT = ['OUTPUT_INDEX_LEFT_OUT', 'OUTPUT_ATTACHMENT_LEFT_OUT']

  test('where one of its images does', async () => {
    const { members } = indexed({ images: [AMD, ARM], name: 'app:1' })
    const { after, losses } = await saved([members], { change: (images) => images.slice(0, 1) })
    expect([indexes(after), after.images.length, losses]).toEqual([[], 1, LEFT])
  })

  test('where a layer is stored in another compression', async () => {
    const { members } = indexed({ images: [AMD], name: 'app:1' })
    const { after, losses } = await saved([members], { compress: { kind: 'none' } })
    expect([indexes(after), losses]).toEqual([[], [...LEFT, 'OUTPUT_LAYER_RECOMPRESSED']])
  })

  test('where the output has no place for it', async () => {
    const { members } = indexed({ images: [AMD], name: 'app:1' })
    const { losses } = await saved([members], { target: CLASSIC })
    expect(losses).toEqual([...LEFT, 'OUTPUT_LAYER_RECOMPRESSED'])
  })

  test.each([
    ['is missing', { without: statement }],
    ['is not what it says', { damaged: true }],
  ])('where something below it %s', async (_, fault) => {
    const { members } = indexed({ images: [AMD], name: 'app:1', ...fault })
    const { after, losses } = await saved([members])
    expect([indexes(after), after.images.length, losses]).toEqual([[], 1, LEFT])
  })

  test('where its image keeps another name and loses the one that led to the index', async () => {
    const { members, index } = indexed({ images: [AMD], name: 'app:1' })
    const pointers = [
      { ...descriptor(`${OCI}.index.v1+json`, index), annotations: { 'io.containerd.image.name': 'app:1' } },
      {
        ...descriptor(`${OCI}.manifest.v1+json`, manifestOf(AMD)),
        annotations: { 'io.containerd.image.name': 'direct:1' },
      },
    ]
    members.set('index.json', json({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: pointers }))
    expect(indexes((await saved([members])).after)).toEqual([[digest(index), 'app:1']])
    const change = (images: readonly Image[]) => retag(images, new Set(), { add: [], drop: ['app:1'], only: false })
    const { after, losses } = await saved([members], { change })
    expect([indexes(after), after.images.map(({ names }) => names), losses]).toEqual([[], [['direct:1']], LEFT])
  })
})

test('a manifest beside the images that is about one of them goes along with it', async () => {
  const members = ociLayout({ ...AMD, names: ['app:1'] }, { ...ARM, names: ['other:1'] })
  const signature = json({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    artifactType: 'application/vnd.example.signature',
    config: descriptor('application/vnd.oci.empty.v1+json', empty),
    layers: [descriptor('application/vnd.example.signature', statement)],
    subject: descriptor(`${OCI}.manifest.v1+json`, manifestOf(AMD)),
  })
  for (const one of [signature, statement, empty]) members.set(blob(one), one)
  const before = JSON.parse(new TextDecoder().decode(members.get('index.json'))) as { manifests: unknown[] }
  const manifests = [...before.manifests, descriptor(`${OCI}.manifest.v1+json`, signature)]
  members.set('index.json', json({ ...before, manifests }))
  const referrers = ({ companions = [] }: ImageArchive) => companions.map((one) => one.digest)
  expect(referrers((await saved([members])).after)).toEqual([digest(signature)])
  const { after } = await saved([members], { change: (images) => images.slice(1) })
  expect(referrers(after)).toEqual([])
})
