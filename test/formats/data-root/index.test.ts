import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openWholeRoot } from '../../../src/formats/data-root/index.js'
import { openArchive } from '../../../src/formats/index.js'
import { selectImage } from '../../../src/model/select.js'
import { census } from '../../../src/ops/census.js'
import { list } from '../../../src/ops/list.js'
import { verify } from '../../../src/ops/verify.js'
import { collect } from '../../support/chunks.js'
import { dataRoot, link, type RootFixture } from '../../support/data-root.js'
import { containerPaths } from '../../support/root-contents.js'
import { member, tarOf } from '../../support/tar-blocks.js'

const BASE = tarOf(
  member({ name: 'etc/', type: '5' }),
  member({ name: 'etc/passwd' }, 'root:x:0:0\n'),
  member({ name: 'd/', type: '5' }),
  member({ name: 'd/one' }, 'first'),
)
const TOP = tarOf(member({ name: 'd/', type: '5' }), member({ name: 'd/.wh.one' }), member({ name: 'd/two' }, 'second'))
const OTHER = tarOf(member({ name: 'other' }, 'third'))

let root: RootFixture
let [web, app] = ['', '']
beforeEach(() => {
  root = dataRoot()
  web = root.image(['web:1', 'web:latest'], BASE, TOP)
  app = root.image(['app:1'], BASE, OTHER)
})
afterEach(() => root[Symbol.dispose]())

async function findingsOf(path = root.path): Promise<(readonly [string, string | undefined])[]> {
  await using archive = await openArchive(path, runContext(), { transport: 'docker-root' })
  const { findings } = await verify(archive)
  return findings.map(({ code, where }) => [code, where.entry ?? where.path?.replace(/[a-f0-9]{64}/g, '*')] as const)
}

const codes = async (path?: string) => (await findingsOf(path)).map(([code]) => code)

async function counted(path = root.path) {
  await using opened = await openWholeRoot(path, runContext())
  return await census(opened, runContext())
}

function packed(): string {
  const file = join(root.path, '..', `${root.path.slice(root.path.lastIndexOf('/') + 1)}.tar.gz`)
  expect(spawnSync('tar', ['-C', root.path, '-czf', file, '.']).status).toBe(0)
  return file
}

describe('a data-root that is whole', () => {
  test('proves every image, by its names, short IDs, and as a tar', async () => {
    expect(await findingsOf()).toEqual([])
    await using archive = await openArchive(root.path, runContext(), { transport: 'docker-root' })
    const ids = archive.images.map(
      (image) => image.configSource.kind === 'stored' && image.configSource.document.digest,
    )
    expect(new Set(ids)).toEqual(new Set([web, app]))
    for (const name of ['web', 'web:1', web, web.slice(7, 19)]) {
      expect(selectImage(archive, { name }).names).toEqual(['web:1', 'web:latest'])
    }
    const file = packed()
    expect(await findingsOf(file)).toEqual([])
    rmSync(file)
  })

  test('shares one layer among images', async () => {
    await using archive = await openArchive(root.path, runContext(), { transport: 'docker-root' })
    expect(archive.images[0]?.layers[0]).toBe(archive.images[1]?.layers[0])
  })

  test('lists files without opening one of them', async () => {
    rmSync(root.diff(BASE), { recursive: true })
    await using archive = await openArchive(root.path, runContext(), { transport: 'docker-root' })
    const { entries } = await list(selectImage(archive, { name: 'web' }), { archive: 'x' }, runContext())
    expect(Array.from(entries, ({ path }) => path)).toEqual(['/d', '/d/two', '/etc', '/etc/passwd'])
  })

  test('is found where a user namespace has its own folder in it', async () => {
    const outer = dataRoot()
    mkdirSync(join(outer.path, '100000.100000'), { recursive: true })
    expect(spawnSync('cp', ['-a', `${root.path}/.`, join(outer.path, '100000.100000')]).status).toBe(0)
    expect(await findingsOf(outer.path)).toEqual([])
    outer[Symbol.dispose]()
  })
})

describe('damage', () => {
  test('is named file by file, over several layers, and images without it stay exact', async () => {
    const third = tarOf(member({ name: 'big' }, 'x'.repeat(2000)), member({ name: 'fine' }, 'fine'))
    root.image(['third:1'], third)
    writeFileSync(join(root.diff(TOP), 'd/two'), 'sEcond')
    rmSync(join(root.diff(TOP), 'd/two'), { force: true })
    truncateSync(join(root.diff(third), 'big'), 10)
    writeFileSync(join(root.diff(OTHER), 'other'), 'thIrd')
    writeFileSync(join(root.diff(BASE), 'd/added'), 'new')
    const { images, layers } = await counted()
    const damaged = layers.flatMap((layer) => layer.damaged.map(({ path, problem }) => [path, problem]))
    expect(new Set(damaged.map(String))).toEqual(new Set(['d/two,missing', 'big,size', 'other,content']))
    expect(layers.flatMap(({ added }) => added)).toEqual(['d/added'])
    expect(layers.find(({ added }) => added.length > 0)?.state).toBe('exact')
    expect(images.filter(({ state }) => state === 'exact')).toEqual([])
  })

  test('of one layer leaves the images of others exact', async () => {
    writeFileSync(join(root.diff(OTHER), 'other'), 'thIrd')
    const { images } = await counted()
    expect(images.map(({ names, state }) => [names[0], state]).sort()).toEqual([
      ['app:1', 'damaged'],
      ['web:1', 'exact'],
    ])
  })

  test('by bytes put behind a file is told, and does not keep the layer from being rebuilt', async () => {
    appendFileSync(join(root.diff(OTHER), 'other'), 'more')
    const { images, layers } = await counted()
    expect(layers.flatMap(({ damaged }) => damaged)).toMatchObject([{ path: 'other', problem: 'size', actualSize: 9 }])
    expect(images.map(({ state }) => state)).toEqual(['exact', 'exact'])
    await using archive = await openArchive(root.path, runContext(), { transport: 'docker-root' })
    const { layers: stack } = selectImage(archive, { name: 'app:1' })
    const tar = stack[1]?.tar(runContext())
    expect(tar === undefined ? undefined : await collect(tar)).toEqual(OTHER)
  })

  test.each<[string, () => void, string]>([
    ['a sidecar that is gone', () => rmSync(join(root.record(BASE, TOP), 'tar-split.json.gz')), 'STORE_SIDECAR'],
    [
      'a sidecar that is cut',
      () => truncateSync(join(root.record(BASE, TOP), 'tar-split.json.gz'), 40),
      'STORE_SIDECAR',
    ],
    ['a folder that is gone', () => rmSync(root.diff(TOP), { recursive: true }), 'STORE_CONTENT_MISSING'],
    ['a record that is gone', () => rmSync(root.record(BASE, TOP), { recursive: true }), 'STORE_LAYER_MISSING'],
    ['another parent', () => writeFileSync(join(root.record(BASE, TOP), 'parent'), web), 'STORE_CHAIN'],
    ['another diffID', () => writeFileSync(join(root.record(BASE, TOP), 'diff'), web), 'STORE_CHAIN'],
    [
      'a cache-id that climbs',
      () => writeFileSync(join(root.record(BASE, TOP), 'cache-id'), '../..'),
      'STORE_CONTENT_MISSING',
    ],
    ['lost names', () => rmSync(join(root.path, 'image/overlay2/repositories.json')), 'STORE_NAMES'],
    ['a config that was written to', () => appendFileSync(configFile(), ' '), 'CONFIG_DIGEST_MISMATCH'],
    ['a config that is no JSON', () => writeFileSync(configFile(), '{'), 'CONFIG_INVALID'],
    ['a daemon that runs', () => root.write('docker.pid', '1'), 'STORE_IN_USE'],
  ])('of %s is a finding', async (_, damage, code) => {
    damage()
    expect(await codes()).toContain(code)
  })

  test.each([
    ['the folder of a driver', () => dirname(dirname(root.diff(TOP))), 'STORE_CONTENT_MISSING', 'overlay2'],
    ['the folder of a layer', () => dirname(root.diff(TOP)), 'STORE_CONTENT_MISSING', 'overlay2/*'],
    ['the record of a layer', () => root.record(BASE, TOP), 'STORE_LAYER_MISSING', undefined],
    ['the folder of all images', () => join(root.path, 'image/overlay2/imagedb'), 'CONFIG_MISSING', undefined],
  ])('is what lies behind a link in the place of %s', async (_, place, code, told) => {
    const outside = mkdtempSync(join(tmpdir(), 'imgtar-outside-'))
    const [from, to] = [place(), join(outside, 'moved')]
    renameSync(from, to)
    link(to, from)
    expect(await codes()).toContain(code)
    if (told !== undefined) expect(await findingsOf()).toContainEqual(['STORE_LINK', told])
    rmSync(outside, { recursive: true })
  })

  test('by symlinks never leads out of the layer, nor does a circle hang', async () => {
    rmSync(join(root.diff(OTHER), 'other'))
    link('/etc/passwd', join(root.diff(OTHER), 'other'))
    rmSync(join(root.diff(BASE), 'd'), { recursive: true })
    link('d', join(root.diff(BASE), 'd'))
    const found = await findingsOf()
    expect(found).toContainEqual(['STORE_FILE_MISSING', 'other'])
    expect(found).toContainEqual(['STORE_FILE_MISSING', 'd/one'])
  })
})

function configFile(): string {
  return join(root.path, 'image/overlay2/imagedb/content/sha256', web.slice(7))
}

describe('what else lies there', () => {
  test('is told: orphan layers, folders, half-removed layers', async () => {
    rmSync(configFile())
    root.write('overlay2/lost/diff/x', 'x')
    root.write('image/overlay2/layerdb/sha256/abc-123-removing/diff', 'x')
    const { findings } = await counted()
    const found = findings.map(({ code }) => code)
    expect(new Set(found)).toEqual(
      new Set(['CONFIG_MISSING', 'STORE_LAYER_ORPHAN', 'STORE_CONTENT_ORPHAN', 'STORE_LAYER_REMOVING']),
    )
  })

  test('a folder without a data-root is refused with a way out', async () => {
    const empty = dataRoot()
    await expect(openArchive(empty.path, runContext(), { transport: 'docker-root' })).rejects.toMatchObject({
      code: 'ERR_NOT_ARCHIVE',
      hint: expect.stringContaining('/var/lib/docker'),
    })
    empty[Symbol.dispose]()
  })
})

describe('a container', () => {
  test('is its image, what docker put in, and what it wrote', async () => {
    const upper = root.container('job', web, BASE, TOP)
    writeFileSync(join(upper, 'new'), 'written')
    await using archive = await openArchive(root.path, runContext(), { transport: 'docker-root', container: 'job' })
    const { entries } = await list(selectImage(archive, {}), { archive: 'x' }, runContext())
    expect(Array.from(entries, ({ path }) => path)).toEqual(['/d', '/d/two', '/etc', '/etc/passwd', '/new'])
  })

  test('holds nothing from beyond the data-root, where its folders are links to that', async () => {
    const upper = root.container('job', web, BASE, TOP)
    const outside = mkdtempSync(join(tmpdir(), 'imgtar-outside-'))
    writeFileSync(join(outside, 'secret'), 'x')
    for (const folder of [upper, upper.replace('/diff', '-init/diff')]) {
      rmSync(folder, { recursive: true })
      link(outside, folder)
    }
    expect(await containerPaths(root.path, 'job')).not.toContain('/secret')
    rmSync(outside, { recursive: true })
  })

  test('holds nothing from beyond the data-root, where what those lie in is a link', async () => {
    const upper = root.container('job', web, BASE, TOP)
    const outside = mkdtempSync(join(tmpdir(), 'imgtar-outside-'))
    mkdirSync(join(outside, 'diff'))
    writeFileSync(join(outside, 'diff/secret'), 'x')
    rmSync(dirname(upper), { recursive: true })
    link(outside, dirname(upper))
    expect(await containerPaths(root.path, 'job')).not.toContain('/secret')
    rmSync(outside, { recursive: true })
  })

  test('that is not there is refused with the names of those that are', async () => {
    root.container('job', web, BASE, TOP)
    const opening = openArchive(root.path, runContext(), { transport: 'docker-root', container: 'other' })
    await expect(opening).rejects.toMatchObject({ code: 'ERR_NOT_FOUND', hint: expect.stringContaining('job') })
  })

  test('counts as a user of its layers', async () => {
    root.container('job', web, BASE, TOP)
    const { layers, containers } = await counted()
    expect(layers.map((layer) => layer.containers)).toEqual(expect.arrayContaining([['job'], ['job'], []]))
    expect(containers).toMatchObject([{ name: 'job', state: 'exact' }])
  })
})

test('reading leaves a data-root as it was', async () => {
  const names = () => readdirSync(root.path, { recursive: true, encoding: 'utf8' }).sort()
  const before = [names(), readFileSync(configFile(), 'latin1')]
  await counted()
  expect([names(), readFileSync(configFile(), 'latin1')]).toEqual(before)
})
