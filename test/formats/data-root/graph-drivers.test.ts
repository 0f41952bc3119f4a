import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { listImages } from '../../../src/ops/images.js'
import { graphRoot, idOf, type GraphDriver, type GraphFixture } from '../../support/graph-root.js'
import {
  censusOf,
  containerPaths,
  layerNames,
  openRoot,
  tarOfLayer,
  writtenNames,
} from '../../support/root-contents.js'
import { member, tarOf } from '../../support/tar-blocks.js'

const [BASE, TOP, JOB] = [idOf('a'), idOf('b'), idOf('c')]

let root: GraphFixture
afterEach(() => root[Symbol.dispose]())

function rootOf(driver: GraphDriver): GraphFixture {
  root = graphRoot(driver)
  return root
}

describe.each(['vfs', 'btrfs'] as const)('docker with %s and no headers, whose trees must be compared', (driver) => {
  // Whole trees: what is the same must have the same time.
  function put(folder: string, path: string, content: string, time = 1_400_000_000): void {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
    utimesSync(join(folder, path), time, time)
  }

  function trees(): void {
    rootOf(driver)
    const base = root.image(BASE, { name: 'base:1' })
    const top = root.image(TOP, { parent: BASE, name: 'app:1' })
    for (const folder of [base, top]) put(folder, 'd/same', 'same')
    put(base, 'd/changed', 'old')
    put(top, 'd/changed', 'new', 1_500_000_000)
    put(base, 'd/deleted', 'x')
    put(top, 'added', 'y')
    put(base, 'resized', '1')
    put(top, 'resized', '22')
  }

  test('gives layers of what is other than in the parent, marked as made anew', async () => {
    trees()
    expect(await layerNames(root.path, 'app:1', 0)).toEqual(['d/', 'd/changed', 'd/deleted', 'd/same', 'resized'])
    expect(await layerNames(root.path, 'app:1', 1)).toEqual(['added', 'd/', 'd/changed', 'd/.wh.deleted', 'resized'])
    const { layers, findings } = await censusOf(root.path)
    expect(layers.map(({ state }) => state)).toEqual(['rebuilt', 'rebuilt'])
    expect(findings.map(({ code }) => code)).toEqual(['STORE_LAYER_REBUILT', 'STORE_LAYER_REBUILT'])
  })

  test('gives the same layers at every run', async () => {
    trees()
    const digests = async () => {
      await using archive = await openRoot(root.path)
      return await Promise.all(archive.images.flatMap(({ layers }) => layers).map((layer) => tarOfLayer(layer)))
    }
    expect(await digests()).toEqual(await digests())
  })

  test('gives what a container wrote, against what docker put in', async () => {
    trees()
    const own = root.container(JOB, { image: TOP, name: 'web' })
    for (const folder of [own, join(own, `../${JOB}-init`)]) put(folder, '.dockerinit', '')
    put(own, 'log', 'x')
    expect(await writtenNames(root.path, 'web')).toEqual(['log'])
    expect(await containerPaths(root.path, 'web')).toEqual(['/.dockerinit', '/log'])
  })
})

describe('docker with overlay', () => {
  test('commits what a container wrote, without what docker had put in before', async () => {
    rootOf('overlay')
    const image = root.image(BASE, { name: 'base:1' })
    writeFileSync(join(image, 'file'), 'x')
    const upper = root.container(JOB, { image: BASE, name: 'web' })
    for (const folder of [upper, join(root.path, `overlay/${JOB}-init/upper`)]) {
      mkdirSync(join(folder, 'etc'), { recursive: true })
      writeFileSync(join(folder, 'etc/hosts'), '')
      utimesSync(join(folder, 'etc/hosts'), 1, 1)
    }
    writeFileSync(join(upper, 'new'), 'y')
    expect(await containerPaths(root.path, 'web')).toEqual(['/etc', '/etc/hosts', '/file', '/new'])
    expect(await writtenNames(root.path, 'web')).toEqual(['new'])
  })
})

describe('docker with devicemapper', () => {
  function mapped(): void {
    rootOf('devicemapper')
    root.image(BASE, { name: 'base:1', size: 10 })
    root.image(TOP, { parent: BASE, name: 'app:1', size: 5 })
    root.container(JOB, { image: TOP, name: 'web' })
  }

  test('has names, sizes and IDs, and says that the files are out of reach', async () => {
    mapped()
    await using archive = await openRoot(root.path)
    const rows = await listImages(archive.images, 'x', runContext())
    expect(rows.map(({ repository, imageID, topSize, size }) => [repository, imageID, topSize, size])).toEqual([
      ['base', BASE, 10, 10],
      ['app', TOP, 5, 15],
    ])
    expect(archive.findings.map(({ code, actual }) => [code, actual])).toEqual([['STORE_DRIVER', 'devicemapper']])
  })

  test('has containers by name whose files are refused with a reason', async () => {
    mapped()
    await expect(openRoot(root.path, 'web')).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
      message: /volume of devicemapper/,
    })
    const { containers, layers } = await censusOf(root.path)
    expect(containers.map(({ name, state }) => [name, state])).toEqual([['web', 'lost']])
    expect(layers.map(({ state }) => state)).toEqual(['lost', 'lost'])
  })
})

describe('a graph that lies', () => {
  test('in a circle ends', async () => {
    rootOf('aufs')
    root.image(BASE, { parent: TOP, name: 'a:1' })
    root.image(TOP, { parent: BASE })
    const { images, layers, findings } = await censusOf(root.path)
    expect([images.length, layers.length]).toEqual([1, 2])
    expect(findings.map(({ code }) => code)).toContain('V1_CYCLE')
  })

  test('about the parent of an image leaves nothing of it to be called whole', async () => {
    rootOf('aufs')
    root.image(BASE, { name: 'a:1', tar: tarOf(member({ name: 'e' }, 'eee')) })
    root.image(TOP, { name: 'b:1', parent: BASE, tar: tarOf(member({ name: 'f' }, 'fff')) })
    root.container(JOB, { image: TOP, name: 'web' })
    expect((await censusOf(root.path)).images.map(({ state }) => state)).toEqual(['exact', 'exact'])
    root.write(`graph/${BASE}/json`, '{"id":')
    const { images, layers, containers, findings } = await censusOf(root.path)
    expect(images.map(({ names, state }) => [names[0], state])).toEqual([['b:1', 'lost']])
    expect(layers.map(({ chainID, state }) => [chainID, state])).toEqual([[TOP, 'exact']])
    expect(containers.map(({ state }) => state)).toEqual(['lost'])
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['V1_INVALID', 'V1_PARENT_MISSING', 'STORE_CONTENT_ORPHAN']),
    )
  })

  test('about a container is a finding', async () => {
    rootOf('aufs')
    root.image(BASE, { name: 'a:1' })
    root.container(JOB, { image: BASE })
    root.write(`containers/${JOB}/config.json`, '{"ID":')
    const { containers, findings } = await censusOf(root.path)
    expect(containers).toEqual([])
    expect(findings.map(({ code }) => code)).toContain('STORE_CONTAINER')
  })

  test('about the image of a container leaves its own files', async () => {
    rootOf('vfs')
    root.image(BASE, { name: 'a:1' })
    writeFileSync(join(root.container(JOB, { image: TOP, name: 'web' }), 'file'), '')
    expect(await containerPaths(root.path, 'web')).toEqual(['/file'])
    await expect(writtenNames(root.path, 'web')).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: /image of container web/,
    })
    expect((await censusOf(root.path)).containers.map(({ state }) => state)).toEqual(['lost'])
  })
})
