import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { severityOf } from '../../src/findings.js'
import { openContainer, openWholeRoot } from '../../src/formats/data-root/index.js'
import { openArchive } from '../../src/formats/index.js'
import { selectImage } from '../../src/model/select.js'
import { census } from '../../src/ops/census.js'
import { flatten } from '../../src/ops/flatten.js'
import { list } from '../../src/ops/list.js'
import { verify } from '../../src/ops/verify.js'
import { readSplit } from '../../src/tar/split-read.js'
import { chunksOf, collect, concatenated } from '../support/chunks.js'
import { sidecarOf } from '../support/data-root.js'
import { CORPUS, hasCorpus } from './corpus.js'

const SAMPLES = resolve(CORPUS, '../formats-samples')
const sampleRoot = (name: string) => join(SAMPLES, `data-root-${name}.tar.gz`)
const hasSamples = existsSync(sampleRoot('overlay2-20.10'))

async function imagesOf(path: string) {
  await using archive = await openArchive(path, runContext(), { transport: 'docker-root' })
  const { findings } = await verify(archive)
  return {
    images: new Map(
      archive.images.flatMap(({ names, configSource }) =>
        names.map((name) => [name, configSource.kind === 'stored' ? configSource.document.digest : '']),
      ),
    ),
    layers: archive.images.flatMap(({ layers }) => layers.map(({ claims }) => claims.diffID)),
    faults: findings.filter(({ code }) => code !== 'STORE_IN_USE'),
  }
}

async function exportOf(path: string, container: string): Promise<string> {
  await using archive = await openArchive(path, runContext(), { transport: 'docker-root', container })
  const flat = await flatten(archive.images[0]?.layers ?? [], { archive: path, engine: 20 }, runContext())
  const hash = createHash('sha256')
  for await (const chunk of flat.tar()) hash.update(chunk)
  return hash.digest('hex')
}

const sha256Of = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(SAMPLES, name)))
    .digest('hex')

describe.skipIf(!hasSamples)('the sample data-roots', () => {
  test.each(['overlay2-20.10', 'vfs-20.10'])('%s: every layer of every image is rebuilt bit by bit', async (name) => {
    const { images, faults } = await imagesOf(sampleRoot(name))
    expect(faults).toEqual([])
    const id = images.get('fmt-multi:1') ?? ''
    expect(id).toMatch(/^sha256:2682fa80dc1b.*f160$/)
    expect(images.size).toBeGreaterThan(5)
  })

  test.each([
    ['overlay2-20.10', 'fmt-c1', 'export-20.10-created.tar'],
    ['overlay2-20.10', 'fmt-c2', 'export-20.10-exited.tar'],
    ['overlay2-20.10', 'f1fd9f2c70f8', 'export-20.10-exited.tar'],
    ['vfs-20.10', 'fmt-v2', 'export-20.10-vfs.tar'],
  ])('%s: container %s exports byte by byte as docker did', async (name, container, exported) => {
    expect(await exportOf(sampleRoot(name), container)).toBe(sha256Of(exported))
  })
})

const imageFact = z.object({ ID: z.string(), Repository: z.string(), Tag: z.string() })

/** `docker images` of the daemon just before it was stopped. */
function expectedImages(name: string): Map<string, string> {
  const lines = readFileSync(join(CORPUS, 'expected', `${name}.images.jsonl`), 'utf8')
    .trim()
    .split('\n')
  return new Map(
    lines.map((line) => {
      const { ID, Repository, Tag } = imageFact.parse(JSON.parse(line))
      return [`${Repository}:${Tag}`, ID]
    }),
  )
}

/** What a census says beside its tables, and what its tables say: every state, every container. */
async function censusOf(path: string) {
  await using root = await openWholeRoot(path, runContext())
  const { drivers, layers, images, containers, findings } = await census(root, runContext())
  return {
    engines: drivers.map(({ driver, engine }) => `${driver}: ${engine}`),
    states: [...new Set([...layers, ...images, ...containers].map(({ state }) => state))],
    counts: [layers.length, images.length],
    containers: containers.map(({ name }) => name).sort(),
    troubles: findings.filter((finding) => severityOf(finding) !== 'note').map(({ code }) => code),
  }
}

describe.skipIf(!hasSamples || !hasCorpus)('a census of a root that a daemon left in order', () => {
  test.each([
    [sampleRoot('overlay2-20.10'), 'overlay2: docker 1.12 or later', ['fmt-c1', 'fmt-c2']],
    [sampleRoot('vfs-20.10'), 'vfs: docker 1.10 or later', ['fmt-v1', 'fmt-v2']],
    [sampleRoot('overlay1-1.9.1'), 'overlay: docker 1.8 or 1.9', ['c19']],
    [
      join(CORPUS, 'dataroots/dataroot-28.5-containerd.tar.gz'),
      'containerd: docker 24 or later, with the store of containerd',
      ['corp-ct1', 'corp-ct2'],
    ],
    [
      join(CORPUS, 'dataroots/dataroot-20.10-overlay2.tar.gz'),
      'overlay2: docker 18.06 to 20.10',
      ['corp-ct1', 'corp-ct2'],
    ],
  ])('%s: finds all exact', async (path, engine, containers) => {
    const counted = await censusOf(path)
    expect(counted).toMatchObject({ states: ['exact'], containers, troubles: [] })
    expect(counted.engines).toContain(engine)
    expect(Math.min(...counted.counts)).toBeGreaterThan(1)
  })
})

test.skipIf(!hasSamples)(
  'a container of docker 1.9.1 has the files that it saw, and a commit has nothing to add',
  async () => {
    const path = sampleRoot('overlay1-1.9.1')
    await using archive = await openArchive(path, runContext(), { transport: 'docker-root', container: 'c19' })
    const { entries } = await list(selectImage(archive, {}), { archive: path }, runContext())
    expect(Array.from(entries, (entry) => entry.path)).toEqual(
      expect.arrayContaining(['/t', '/d/x', '/etc/hosts', '/.dockerenv']),
    )
    await using opened = await openContainer(path, runContext(), 'b34bb92c35e8')
    const { written, image } = await opened.container.parts({})
    expect((await collect(written.tar(runContext()))).length).toBe(1024)
    expect(image.layers).toHaveLength(2)
  },
)

describe.skipIf(!hasCorpus)('the data-roots of the corpus', () => {
  test.each([
    ['dataroot-20.10-overlay2.tar.gz', 'dataroot-20.10-overlay2'],
    ['docker-explorer__overlay2.v2.tgz', 'docker-explorer__overlay2.v2'],
  ])('%s: names, IDs and layers are those that docker had', async (file, name) => {
    const { images, faults } = await imagesOf(join(CORPUS, 'dataroots', file))
    expect(faults).toEqual([])
    expect(images).toEqual(expectedImages(name))
  })

  test('every layer has a sha256 that docker saved it with', async () => {
    const { layers } = await imagesOf(join(CORPUS, 'dataroots/dataroot-20.10-overlay2.tar.gz'))
    const sums = readFileSync(join(CORPUS, 'expected/dataroot-20.10-overlay2.docker-save.SHA256SUMS'), 'utf8')
    expect(layers.length).toBeGreaterThan(3)
    for (const diffID of layers) expect(sums).toContain(`${diffID?.slice('sha256:'.length) ?? 'none'}  `)
  })
})

const sidecarFacts = z.record(
  z.string(),
  z.object({ of: z.string(), tar_sha256: z.string().optional(), sidecar: z.string().optional() }),
)

function sidecars(): readonly (readonly [string, string, string | undefined])[] {
  if (!hasCorpus) return []
  const facts = sidecarFacts.parse(JSON.parse(readFileSync(join(CORPUS, 'EXPECTED-tarsplit.json'), 'utf8')))
  return Object.entries(facts)
    .filter(([, { of }]) => existsSync(join(CORPUS, of)))
    .map(([name, { of, sidecar }]) => [name, of, sidecar])
}

/** A tar of the corpus, gzip taken off. */
function tarOf(path: string): Uint8Array {
  const bytes = readFileSync(join(CORPUS, path))
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes
}

/** Whether the tar has sparse files: tar-split itself cannot give those back, and so ours are other lines. */
function hasSparse(real: string, ours: string): boolean {
  const sizes = (text: string) => (text.match(/"type":1,[^\n]*"size":\d+/g) ?? []).length
  return sizes(real) !== sizes(ours)
}

describe.skipIf(!hasCorpus)('sidecars of the real tar-split', () => {
  const known = sidecars().filter(([name]) => !name.startsWith('tiny.'))
  test.each(known)('%s', async (name, of, sidecar) => {
    const tar = tarOf(of)
    if (sidecar === undefined) {
      expect(() => sidecarOf(tar)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }))
      return
    }
    const ours = new TextDecoder().decode(sidecarOf(tar))
    const real = gunzipSync(readFileSync(join(CORPUS, sidecar))).toString()
    // Stars with ACLs: tar-split cuts the headers elsewhere, which assembles to the same.
    if (!hasSparse(real, ours) && !name.includes('star_acl')) expect(ours).toBe(real)
    const bytes = { kept: 0, files: 0 }
    const entries = readSplit(chunksOf(new TextEncoder().encode(ours)), { limits: DEFAULT_LIMITS, location: name })
    for await (const batch of entries) {
      for (const entry of batch) {
        if (entry.kind === 'segment') bytes.kept += entry.bytes.length
        else bytes.files += entry.size
      }
    }
    expect(bytes.kept + bytes.files).toBe(tar.length)
  })
})

test.skipIf(!hasSamples)(
  'the sidecars that docker wrote are what we would have written, but for the empty last line',
  () => {
    const { layers } = savedLayers()
    for (const [index, tar] of layers.entries()) {
      const file = join(SAMPLES, `tar-split/layer${String(index)}.tar-split.json.gz`)
      const real = gunzipSync(readFileSync(file))
        .toString()
        .replace(/\{"type":2,"payload":"","position":\d+\}\n$/, '')
      expect(new TextDecoder().decode(sidecarOf(tar))).toBe(real)
    }
  },
)

const saved = z.array(z.object({ Layers: z.array(z.string()) }))

/** The layers of the sample that docker saved from the same root. */
function savedLayers(): { layers: readonly Uint8Array[] } {
  const bytes = readFileSync(join(SAMPLES, 'save-20.10-commit.tar'))
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const text = (from: number, length: number) =>
      bytes.toString('latin1', at + from, at + from + length).replace(/\0.*/s, '')
    const size = Number.parseInt(text(124, 12), 8)
    files.set(text(0, 100), concatenated(bytes.subarray(at + 512, at + 512 + size)))
    at += 512 + Math.ceil(size / 512) * 512
  }
  const [item] = saved.parse(JSON.parse(new TextDecoder().decode(files.get('manifest.json'))))
  return { layers: item?.Layers.flatMap((name) => files.get(name) ?? []) ?? [] }
}
