import { describe, expect, test } from 'vitest'
import { bytesSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { documentReader } from '../../src/ops/engines/document-reader.js'
import { plainEntry, readSaveManifest } from '../../src/ops/engines/save-manifest.js'
import type { ImageArchive } from '../../src/model/image.js'
import {
  blob,
  configOf,
  descriptor,
  digest,
  dockerSave,
  hybrid,
  json,
  ociLayout,
  packed,
  PLAIN,
  type ImageFixture,
  type Members,
} from '../support/archives.js'
import { chunksOf, sha256 } from '../support/chunks.js'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const TOO_LONG = 30_000

const open = (members: Members): Promise<ImageArchive> =>
  openArchive('archive.tar', runContext(), { source: bytesSource(packed(members), 'archive.tar') })
const codesOf = ({ findings }: ImageArchive) => findings.map(({ code }) => code)

// Larger ones of each kind take minutes or gigabytes where work grows with the product of two lists.
describe('an archive of a few megabytes', () => {
  test('whose many indexes lead to the same many blobs is followed to a limit', { timeout: TOO_LONG }, async () => {
    const layers = Array.from({ length: 2000 }, (_, at) => descriptor('application/x', json(at)))
    const artifact = json({ schemaVersion: 2, mediaType: MANIFEST, artifactType: 'application/x', layers })
    const indexes = Array.from({ length: 200 }, (_, at) =>
      json({
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [descriptor(MANIFEST, artifact)],
        annotations: { at: `${at}` },
      }),
    )
    const members = ociLayout(PLAIN)
    for (const bytes of [artifact, ...indexes]) members.set(blob(bytes), bytes)
    for (let at = 0; at < 2000; at++) members.set(blob(json(at)), json(at))
    members.set('index.json', json({ schemaVersion: 2, manifests: indexes.map((bytes) => descriptor(INDEX, bytes)) }))
    await using archive = await open(members)
    expect(codesOf(archive)).toContain('LIMIT_REACHED')
    const [first, last] = [archive.companions?.[0], archive.companions?.at(-1)]
    expect(first?.blobs).toHaveLength(2002)
    expect(last?.blobs).toBeUndefined()
  })

  test('in which one manifest has many names gives it all of them', { timeout: TOO_LONG }, async () => {
    const members = ociLayout({ ...PLAIN, names: Array.from({ length: 12_000 }, (_, at) => `app:${at}`) })
    await using archive = await open(members)
    expect(archive.images.map(({ names }) => names.length)).toEqual([12_000])
    expect(codesOf(archive)).toEqual([])
  })

  const many = Array.from({ length: 1000 }, (_, at): ImageFixture => ({
    ...PLAIN,
    names: [`app:${at}`],
    config: { author: `${at}` },
  }))

  test.each([
    ['a docker archive', dockerSave(...many)],
    ['a hybrid', hybrid(...many)],
  ])(
    'with as many images as names is compared with its repositories: %s',
    { timeout: TOO_LONG },
    async (_, members) => {
      const ids = Object.fromEntries(many.map((image, at) => [at, sha256(configOf(image))]))
      await using archive = await open(new Map(members).set('repositories', json({ app: ids })))
      expect(archive.images).toHaveLength(1000)
      expect(new Set(codesOf(archive))).toEqual(new Set(['REPOSITORIES_MISMATCH']))
      expect(codesOf(archive)).toHaveLength(1000)
    },
  )

  test('with as many attestations as images gives each its own', { timeout: TOO_LONG }, async () => {
    const members = ociLayout(...many)
    const { manifests } = JSON.parse(new TextDecoder().decode(members.get('index.json'))) as {
      manifests: { digest: string }[]
    }
    const attestations = manifests.map((subject) =>
      json({ schemaVersion: 2, mediaType: MANIFEST, layers: [], subject }),
    )
    for (const bytes of attestations) members.set(blob(bytes), bytes)
    const entries = [...manifests, ...attestations.map((bytes) => descriptor(MANIFEST, bytes))]
    await using archive = await open(members.set('index.json', json({ schemaVersion: 2, manifests: entries })))
    expect(archive.images.map(({ attachments }) => attachments)).toEqual(attestations.map((bytes) => [digest(bytes)]))
  })

  test('of docker 1.9 with many images on one long chain is read to a limit', { timeout: TOO_LONG }, async () => {
    const members = new Map<string, Uint8Array>()
    const folder = (name: string, parent: string | undefined) => {
      const id = sha256(json(name))
      members.set(`${id}/VERSION`, json(1)).set(`${id}/layer.tar`, new Uint8Array(1024))
      members.set(`${id}/json`, json({ id, ...(parent !== undefined && { parent }) }))
      return id
    }
    let top: string | undefined
    for (let at = 0; at < 900; at++) top = folder(`chain ${at}`, top)
    const heads = Array.from({ length: 300 }, (_, at) => folder(`head ${at}`, top))
    members.set('repositories', json({ app: Object.fromEntries(heads.map((id, at) => [at, id])) }))
    await using archive = await open(members)
    expect(codesOf(archive)).toEqual(['LIMIT_REACHED'])
    expect(archive.images).toHaveLength(110)
    expect(archive.images.every(({ layers }) => layers.length === 901)).toBe(true)
  })

  test('in which a document names more than it has room for is refused, and foretold to be', async () => {
    const members = dockerSave(PLAIN).set('manifest.json', json([{ Layers: Array<string>(300_000).fill('l') }]))
    await expect(open(members)).rejects.toMatchObject({ code: 'ERR_LIMIT' })
    const documents = documentReader(runContext())
    const source = bytesSource(members.get('manifest.json') ?? new Uint8Array(0), 'manifest.json')
    await expect(documents.read(source)).rejects.toThrow(/more than 262144 values/)
    const images = json(Array<object>(30_000).fill({}))
    const reading = { way: 'whole', entry: plainEntry, listName: '' } as const
    expect(() => readSaveManifest(images, reading)).toThrow(/more than .* 25000 images/)
  })

  const layers = Array<string>(50_000).fill('layer.tar')
  const images = Array<object>(30_000).fill({})
  test.each([
    ['layers', [{ Layers: layers }, { Layers: layers }, { Layers: [] }], 1],
    ['images', images, 25_000],
  ])(
    'of docker that names %s by the thousand is read to a limit',
    { timeout: TOO_LONG },
    async (_, manifest, whole) => {
      const members = dockerSave(PLAIN).set('manifest.json', json(manifest))
      await using archive = await open(members)
      expect(archive.images).toHaveLength(whole)
      expect(archive.findings.filter(({ code }) => code === 'LIMIT_REACHED')).toMatchObject([
        { where: { path: 'manifest.json' } },
      ])
    },
  )

  test('of OCI whose manifests name layers by the thousand is read to a limit', { timeout: TOO_LONG }, async () => {
    const members = ociLayout(PLAIN)
    const named = Array<object>(20_000).fill(descriptor('application/vnd.oci.image.layer.v1.tar', json('a')))
    const manifests = Array.from({ length: 6 }, (_, at) =>
      json({
        schemaVersion: 2,
        config: descriptor('application/vnd.oci.image.config.v1+json', configOf(PLAIN)),
        layers: named,
        annotations: { at: `${at}` },
      }),
    )
    for (const bytes of manifests) members.set(blob(bytes), bytes)
    members.set('index.json', json({ schemaVersion: 2, manifests: manifests.map((one) => descriptor(MANIFEST, one)) }))
    await using archive = await open(members)
    expect(archive.images).toHaveLength(4)
    expect(archive.findings.filter(({ code }) => code === 'LIMIT_REACHED')).toMatchObject([
      { where: { path: 'index.json' } },
    ])
  })

  test('that comes down a pipe is kept in memory to a limit, whatever its members are called', async () => {
    const limits = { ...DEFAULT_LIMITS, json: 1024 * 1024 }
    const archive = dockerSave(PLAIN)
    const manifest = archive.get('manifest.json') ?? new Uint8Array(0)
    // As much as is kept, to less than the manifest has: the largest first, each half of the one before.
    const sizes = [
      ...Array.from({ length: 60 }, () => limits.json),
      ...Array.from({ length: 14 }, (_, at) => limits.json >> (at + 1)),
    ]
    const filled = new Map(archive)
    for (const [at, size] of sizes.entries()) filled.set(`${at}/json`, new Uint8Array(size).fill(0x20))
    const context = runContext({ limits })
    await using whole = await openArchive('-', context, { stdin: chunksOf(packed(filled)) })
    expect(whole.images).toHaveLength(1)
    filled.delete('manifest.json')
    const stdin = chunksOf(packed(filled.set('manifest.json', manifest)))
    await expect(openArchive('-', context, { stdin })).rejects.toMatchObject({
      code: 'ERR_LIMIT',
      hint: 'give the archive as a file',
    })
  })
})
