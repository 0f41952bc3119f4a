import { chownSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../../src/bytes/digest.js'
import { runContext } from '../../../src/context.js'
import { openContainer, openWholeRoot } from '../../../src/formats/data-root/index.js'
import type { Layer } from '../../../src/model/image.js'
import { verify } from '../../../src/ops/verify.js'
import type { TarEntry } from '../../../src/tar/entry.js'
import { scanChunks } from '../../../src/tar/scan.js'
import { containerdRoot, type ContainerdFixture } from '../../support/containerd-root.js'
import { flipByte } from '../../support/graph-root.js'
import { openFilesBelow } from '../../support/open-files.js'
import { censusOf, containerPaths, openRoot, tarOfLayer } from '../../support/root-contents.js'
import { member, tarOf } from '../../support/tar-blocks.js'

const BASE = tarOf(member({ name: 'd/', type: '5' }), member({ name: 'd/one' }, 'first'), member({ name: 'e' }, 'eee'))
const TOP = tarOf(member({ name: 'd/', type: '5' }), member({ name: 'd/two' }, 'second'))
const OTHER = tarOf(member({ name: 'other' }, 'third'))
const META = 'io.containerd.metadata.v1.bolt/meta.db'

let root: ContainerdFixture
let [web, app] = ['', '']
beforeEach(() => {
  root = containerdRoot()
  web = root.image('web:1', BASE, TOP)
  app = root.image('app:1', BASE, OTHER)
  writeFileSync(join(root.container('job', web, BASE, TOP), 'log'), 'x')
  root.finish()
})
afterEach(() => root[Symbol.dispose]())

async function seen() {
  await using archive = await openRoot(root.path)
  const { findings } = await verify(archive)
  return {
    images: archive.images.map(({ names, targetDigest }) => [names.join(), targetDigest]),
    codes: findings.map(({ code }) => code),
  }
}

describe('a store of containerd that is whole', () => {
  test('has a row for each layer, by its chainID and the folder that it was unpacked to', async () => {
    const { layers, images, containers, drivers, findings } = await censusOf(root.path)
    expect(findings).toEqual([])
    expect(
      layers.map(({ state, cacheID, images: users, containers: on }) => [state, cacheID, users.length, on]),
    ).toEqual([
      ['exact', '1', 2, ['job']],
      ['exact', '3', 1, []],
      ['exact', '2', 1, ['job']],
    ])
    expect(layers.every(({ size, snapshotSize }) => size !== null && size > 0 && snapshotSize === 4096)).toBe(true)
    expect(
      images.map(({ state, ownSize, size }) => [state, ownSize !== null && size !== null && ownSize < size]),
    ).toEqual([
      ['exact', true],
      ['exact', true],
    ])
    expect(containers.map(({ name, state }) => [name, state])).toEqual([['job', 'exact']])
    expect(drivers[0]?.engine).toBe('docker 24 or later, with the store of containerd')
  })

  test('counts and checks the tree of a layer once, in however many compressions the layer lies there', async () => {
    root.image('again:1', BASE)
    root.plain('plain:1', BASE)
    root.finish()
    rmSync(join(root.tree(BASE), 'e'))
    const { layers } = await censusOf(root.path)
    const own = layers.filter(({ cacheID }) => cacheID === '1')
    expect(own.map(({ snapshotSize, damaged }) => [snapshotSize, damaged.length])).toEqual([
      [4096, 1],
      [undefined, 0],
    ])
  })

  test('has one object for a layer of two images', async () => {
    await using archive = await openRoot(root.path)
    expect(archive.images[0]?.layers[0]).toBe(archive.images[1]?.layers[0])
  })
})

describe('damage', () => {
  test('of the tree of a layer is named file by file, and leaves the images exact', async () => {
    flipByte(join(root.tree(BASE), 'd/one'))
    rmSync(join(root.tree(BASE), 'e'))
    truncateSync(join(root.tree(BASE, TOP), 'd/two'), 2)
    writeFileSync(join(root.tree(BASE, OTHER), 'added'), '')
    const { layers, images, findings } = await censusOf(root.path)
    expect(layers.map(({ damaged }) => damaged.map(({ path, problem }) => `${path} ${problem}`))).toEqual([
      ['d/one content', 'e missing'],
      [],
      ['d/two size'],
    ])
    expect(layers.map(({ added }) => added)).toEqual([[], ['added'], []])
    expect(images.map(({ state }) => state)).toEqual(['exact', 'exact'])
    expect(findings.map(({ code }) => code)).toEqual([
      'STORE_FILE_CHANGED',
      'STORE_FILE_MISSING',
      'STORE_FILE_ADDED',
      'STORE_FILE_RESIZED',
    ])
  })

  test('of a blob costs the images that use it, and no others', async () => {
    flipByte(root.layer(TOP))
    const { layers, images, containers, findings } = await censusOf(root.path)
    expect(layers.map(({ state }) => state)).toEqual(['exact', 'exact', 'damaged'])
    expect(images.map(({ names, state }) => [names[0], state]).sort()).toEqual([
      ['app:1', 'exact'],
      ['web:1', 'damaged'],
    ])
    expect(containers.map(({ state }) => state)).toEqual(['damaged'])
    expect(findings.map(({ code }) => code)).toEqual(['BLOB_DIGEST_MISMATCH'])
  })

  test('of a blob is made good by the tree that it was unpacked to', async () => {
    flipByte(root.layer(TOP))
    await using opened = await openWholeRoot(root.path, runContext())
    const layer = opened.layers[2]?.layer
    const rebuilt = layer && (await opened.rebuilt(layer))
    expect(Buffer.from(await tarOfLayer(rebuilt)).toString('latin1')).toContain('second')
  })

  test('by a blob that is gone loses the layer', async () => {
    rmSync(root.layer(OTHER))
    const { layers, images } = await censusOf(root.path)
    expect(layers.map(({ state }) => state)).toEqual(['exact', 'lost', 'exact'])
    expect(images.map(({ state }) => state).sort()).toEqual(['exact', 'lost'])
  })

  test('of blobs that nothing refers to is told too', async () => {
    const stray = root.blob(`sha256:${'0'.repeat(64)}`)
    writeFileSync(stray, 'stray')
    const { findings } = await censusOf(root.path)
    expect(findings.map(({ code }) => code)).toEqual(['BLOB_ORPHAN', 'BLOB_DIGEST_MISMATCH'])
  })

  test('by folders that no snapshot has is a note', async () => {
    const path = `${root.home}/io.containerd.snapshotter.v1.overlayfs/snapshots/99`
    mkdirSync(join(root.path, path))
    expect((await censusOf(root.path)).findings.map(({ code, where }) => [code, where.path])).toEqual([
      ['STORE_CONTENT_ORPHAN', path],
    ])
  })

  test('is none where a file lies behind a link of its layer, or of one below that was mounted', async () => {
    const links = tarOf(
      member({ name: 'usr/', type: '5' }),
      member({ name: 'usr/lib/', type: '5' }),
      member({ name: 'lib', type: '2', link: 'usr/lib' }),
    )
    const far = tarOf(member({ name: 'lib/deep/', type: '5' }), member({ name: 'lib/deep/one' }, 'first'))
    const own = tarOf(member({ name: 'here', type: '2', link: 'real' }), member({ name: 'here/two' }, 'second'))
    root.image('links:1', links, far, own)
    root.finish()
    const [farTree, ownTree] = [root.tree(links, far), root.tree(links, far, own)]
    mkdirSync(join(root.tree(links), 'usr/lib'), { recursive: true })
    symlinkSync('usr/lib', join(root.tree(links), 'lib'))
    mkdirSync(join(farTree, 'usr'))
    renameSync(join(farTree, 'lib'), join(farTree, 'usr/lib'))
    renameSync(join(ownTree, 'here'), join(ownTree, 'real'))
    symlinkSync('real', join(ownTree, 'here'))
    expect((await censusOf(root.path)).findings).toEqual([])
    flipByte(join(farTree, 'usr/lib/deep/one'))
    writeFileSync(join(ownTree, 'real/three'), '')
    expect((await censusOf(root.path)).findings.map(({ code, where }) => [code, where.entry])).toEqual([
      ['STORE_FILE_CHANGED', 'lib/deep/one'],
      ['STORE_FILE_ADDED', 'real/three'],
    ])
  })

  test('by a tree that is gone is told, and the images stay exact', async () => {
    rmSync(root.tree(BASE, OTHER), { recursive: true })
    const { images, findings } = await censusOf(root.path)
    expect(images.map(({ state }) => state)).toEqual(['exact', 'exact'])
    expect(findings.map(({ code }) => code)).toEqual(['STORE_CONTENT_MISSING'])
  })
})

test.each([
  ['blobs', () => join(root.path, root.home, 'io.containerd.content.v1.content/blobs/sha256'), 'BLOB_MISSING'],
  ['the tree of a layer', () => dirname(root.tree(BASE, TOP)), 'STORE_CONTENT_MISSING'],
])('nothing is read behind a link in the place of %s', async (_, place, code) => {
  const [folder, outside] = [place(), `${root.path}-outside`]
  renameSync(folder, outside)
  symlinkSync(outside, folder)
  expect((await censusOf(root.path)).findings.map((one) => one.code)).toContain(code)
  rmSync(outside, { recursive: true })
})

describe('names', () => {
  const whole = (names: readonly [string, string]) => [
    [names[0], app],
    [names[1], web],
  ]

  test('come from meta.db', async () => {
    expect(await seen()).toEqual({ images: whole(['app:1', 'web:1']), codes: [] })
  })

  test.each<[string, (path: string) => void]>([
    ['is gone', (path) => rmSync(path)],
    ['is empty', (path) => truncateSync(path, 0)],
    ['is cut', (path) => truncateSync(path, 8192)],
    ['is something else', (path) => writeFileSync(path, 'x'.repeat(10_000))],
  ])('are lost where meta.db %s, and the images are found by their manifests', async (_, damage) => {
    damage(join(root.path, root.home, META))
    const { images, codes } = await seen()
    expect(images.sort()).toEqual(whole(['', '']).sort())
    expect(codes).toEqual(['STORE_NAMES', 'STORE_NAMES'])
    expect(await containerPaths(root.path, 'job')).toEqual(['/d', '/d/one', '/d/two', '/e', '/log'])
  })

  test('that lead to a manifest that an index leads to are not looked for twice', async () => {
    const target = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: web, size: 1 }
    const index = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests: [target] }))
    writeFileSync(root.blob(digestOf(index)), index)
    rmSync(join(root.path, root.home, META))
    const { images } = await seen()
    expect(images.map(([, digest]) => digest).sort()).toEqual([app, digestOf(index)].sort())
  })
})

test('a container whose image is gone is read from the trees that it lay on', async () => {
  root[Symbol.dispose]()
  root = containerdRoot()
  root.image('other:1', OTHER)
  writeFileSync(join(root.container('job', web, BASE, TOP), 'log'), 'x')
  root.finish()
  expect(await containerPaths(root.path, 'job')).toEqual(['/d', '/d/one', '/d/two', '/e', '/log'])
})

describe('the native snapshotter, which copies the whole tree for each layer', () => {
  beforeEach(() => {
    root[Symbol.dispose]()
    root = containerdRoot('native')
    web = root.image('web:1', BASE, TOP)
    const written = root.container('job', web, BASE, TOP)
    writeFileSync(join(written, 'log'), 'x')
    rmSync(join(written, 'e'))
    root.finish()
  })

  test('is whole where every tree has all files of its layer', async () => {
    expect((await censusOf(root.path)).findings).toEqual([])
    flipByte(join(root.tree(BASE, TOP), 'd/two'))
    const { findings } = await censusOf(root.path)
    expect(findings.map(({ code, where }) => [code, where.entry])).toEqual([['STORE_FILE_CHANGED', 'd/two']])
  })

  test('has containers as whole trees, and what they wrote by comparing two', async () => {
    expect(await containerPaths(root.path, 'job')).toEqual(['/d', '/d/one', '/d/two', '/log'])
    await using opened = await openContainer(root.path, runContext(), 'job')
    const entries = await entriesIn((await opened.container.parts({})).written)
    expect(entries.map(({ path }) => path)).toEqual(['.wh.e', 'log'])
  })

  test('makes good a damaged blob by what a tree has more than that below it', async () => {
    flipByte(root.layer(TOP))
    await using opened = await openWholeRoot(root.path, runContext())
    const layer = opened.layers[1]?.layer
    const rebuilt = layer && (await opened.rebuilt(layer))
    expect((rebuilt && (await entriesIn(rebuilt)))?.map(({ path }) => path)).toEqual(['d/', 'd/two'])
  })
})

test('a snapshotter without folders is said to be out of reach, and its images are whole', async () => {
  root[Symbol.dispose]()
  root = containerdRoot('devmapper')
  root.container('job', root.image('web:1', BASE), BASE)
  root.finish()
  expect((await censusOf(root.path)).findings).toEqual([])
  await expect(containerPaths(root.path, 'job')).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' })
  expect(openFilesBelow(root.path)).toEqual([])
})

test.skipIf(process.getuid?.() !== 0)(
  'the owners of what a container of a rootless daemon wrote are those that it sees',
  async () => {
    const written = root.container('job', web, BASE, TOP)
    writeFileSync(join(written, 'other'), 'x')
    chownSync(join(root.path, root.home), 1000, 1000)
    chownSync(join(written, 'log'), 1000, 1000)
    chownSync(join(written, 'other'), 100_032, 100_043)
    await using opened = await openContainer(root.path, runContext(), 'job')
    const entries = await entriesIn((await opened.container.parts({})).written)
    expect(entries.map(({ path, uid, gid }) => [path, uid, gid])).toEqual([
      ['log', 0, 0],
      ['other', 33, 44],
    ])
    expect(opened.findings.map(({ code }) => code)).toEqual(['STORE_USER_NAMESPACE'])
  },
)

async function entriesIn(layer: Layer): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  await scanChunks(layer.tar(runContext()), { onEntry: (entry) => entries.push(entry) }, runContext())
  return entries
}
