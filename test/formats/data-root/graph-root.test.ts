import { linkSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { selectImage } from '../../../src/model/select.js'
import { listImages } from '../../../src/ops/images.js'
import { verify } from '../../../src/ops/verify.js'
import { flipByte, graphRoot, idOf, type GraphDriver, type GraphFixture } from '../../support/graph-root.js'
import {
  censusOf,
  containerPaths,
  layerNames,
  openRoot,
  pathsOf,
  tarOfLayer,
  writtenNames,
} from '../../support/root-contents.js'
import { linkGraph } from '../../support/sqlite.js'
import { member, tarOf } from '../../support/tar-blocks.js'

const [BASE, TOP, JOB] = [idOf('a'), idOf('b'), idOf('c')]

let root: GraphFixture
afterEach(() => root[Symbol.dispose]())

function rootOf(driver: GraphDriver): GraphFixture {
  root = graphRoot(driver)
  return root
}

describe('docker 0.6, whose graph holds the files itself', () => {
  function old(): { readonly top: string; readonly rw: string } {
    rootOf('graph')
    const base = root.image(BASE, { name: 'base:1', size: 7 })
    mkdirSync(join(base, 'etc'))
    writeFileSync(join(base, 'etc/passwd'), 'root::0')
    writeFileSync(join(base, 'etc/gone'), '')
    mkdirSync(join(base, 'd'))
    writeFileSync(join(base, 'd/old'), '')
    const top = root.image(TOP, { parent: BASE, name: 'app:1', size: 3 })
    mkdirSync(join(top, 'etc'))
    writeFileSync(join(top, 'etc/.wh.gone'), '')
    mkdirSync(join(top, 'd'))
    writeFileSync(join(top, 'd/.wh..wh..opq'), '')
    writeFileSync(join(top, 'd/new'), 'new')
    writeFileSync(join(top, '.wh..wh.aufs'), '')
    mkdirSync(join(top, '.wh..wh.orph'))
    mkdirSync(join(top, '.wh..wh.plnk'))
    linkSync(join(top, 'd/new'), join(top, '.wh..wh.plnk/17.3'))
    const rw = root.container(JOB, { image: TOP })
    writeFileSync(join(rw, 'log'), 'x')
    writeFileSync(join(rw, '.wh.d'), '')
    root.write('linkgraph.db', linkGraph({ [JOB]: 'job' }))
    return { top, rw }
  }

  test("gives layers with aufs's whiteouts, and without the files that aufs keeps for itself", async () => {
    old()
    expect(await layerNames(root.path, 'app:1', 1)).toEqual(['d/', 'd/.wh..wh..opq', 'd/new', 'etc/', 'etc/.wh.gone'])
    expect(await pathsOf(root.path, 'app:1')).toEqual(['1 /d', '1 /d/new', '1 /etc', '0 /etc/passwd'])
  })

  test('marks the layers as made anew', async () => {
    old()
    await using archive = await openRoot(root.path)
    const { findings } = await verify(archive)
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['LAYER_UNPROVED', 'STORE_LAYER_REBUILT']))
    const { layers, images, drivers } = await censusOf(root.path)
    expect(layers.map(({ chainID, state }) => [chainID, state])).toEqual([
      [BASE, 'rebuilt'],
      [TOP, 'rebuilt'],
    ])
    expect(images.map(({ state, size, ownSize }) => [state, size, ownSize])).toEqual([
      ['rebuilt', 7, 0],
      ['rebuilt', 10, 3],
    ])
    expect(drivers).toEqual([{ path: '', driver: 'graph', engine: 'docker up to 0.6' }])
  })

  test('has images with the size of the top layer and of all, by name and by short ID', async () => {
    old()
    await using archive = await openRoot(root.path)
    const rows = await listImages(archive.images, 'x', runContext())
    expect(rows.map(({ repository, topSize, size }) => [repository, topSize, size])).toEqual([
      ['base', 7, 7],
      ['app', 3, 10],
    ])
    expect(selectImage(archive, { name: TOP.slice(0, 12) }).names).toEqual(['app:1'])
  })

  test('has containers by the names in linkgraph.db: their files, and what they wrote', async () => {
    old()
    expect(await containerPaths(root.path, 'job')).toEqual(['/etc', '/etc/passwd', '/log'])
    expect(await writtenNames(root.path, 'job')).toEqual(['.wh.d', 'log'])
    const { layers, containers } = await censusOf(root.path)
    expect(containers).toEqual([{ id: JOB, name: 'job', imageID: TOP, driver: 'graph', state: 'rebuilt' }])
    expect(layers.map((layer) => layer.containers)).toEqual([['job'], ['job']])
  })

  test('tells files of a layer that are gone, and which image they cost', async () => {
    rmSync(old().top, { recursive: true })
    const { images, findings } = await censusOf(root.path)
    expect(images.map(({ names, state }) => [names[0], state])).toEqual([
      ['base:1', 'rebuilt'],
      ['app:1', 'lost'],
    ])
    expect(findings.map(({ code, where }) => [code, where.path])).toContainEqual([
      'STORE_CONTENT_MISSING',
      `graph/${TOP}`,
    ])
  })

  test('goes by IDs where linkgraph.db is damaged, and says so', async () => {
    old()
    root.write('linkgraph.db', 'x'.repeat(4096))
    const { containers, findings } = await censusOf(root.path)
    expect(containers.map(({ id, name }) => [id, name])).toEqual([[JOB, '']])
    expect(findings.map(({ code, where }) => [code, where.path])).toContainEqual(['STORE_NAMES', 'linkgraph.db'])
    expect(await containerPaths(root.path, JOB.slice(0, 12))).toContain('/log')
  })
})

describe('docker 1.9 with aufs, which kept every header', () => {
  const base = tarOf(
    member({ name: 'd/', type: '5' }),
    member({ name: 'd/one' }, 'first'),
    member({ name: 'e' }, 'eee'),
  )
  const top = tarOf(member({ name: 'd/', type: '5' }), member({ name: 'd/.wh.one' }), member({ name: 'd/two' }, 'two'))

  function young(): { readonly base: string; readonly top: string } {
    rootOf('aufs')
    const folders = { base: root.image(BASE, { tar: base, name: 'base:1' }), top: '' }
    return { ...folders, top: root.image(TOP, { tar: top, parent: BASE, name: 'app:1' }) }
  }

  test('gives every layer byte for byte', async () => {
    young()
    await using archive = await openRoot(root.path)
    const { layers } = selectImage(archive, { name: 'app:1' })
    expect(await Promise.all(layers.map((layer) => tarOfLayer(layer)))).toEqual([base, top])
    const { images, drivers } = await censusOf(root.path)
    expect(images.map(({ state }) => state)).toEqual(['exact', 'exact'])
    expect(drivers.map(({ engine }) => engine)).toEqual(['docker 1.8 or 1.9'])
  })

  test('names exactly the files that are damaged, and the images without them stay exact', async () => {
    const folders = young()
    flipByte(join(folders.top, 'd/two'))
    writeFileSync(join(folders.base, 'added'), 'x')
    const { layers, images, findings } = await censusOf(root.path)
    expect(layers.map(({ damaged }) => damaged.map(({ path, problem }) => `${path} ${problem}`))).toEqual([
      [],
      ['d/two content'],
    ])
    expect(layers.map(({ added }) => added)).toEqual([['added'], []])
    expect(images.map(({ names, state }) => [names[0], state])).toEqual([
      ['base:1', 'exact'],
      ['app:1', 'damaged'],
    ])
    const told = findings.map(({ code, where }) => [code, where.entry])
    expect(told).toEqual([
      ['STORE_FILE_ADDED', 'added'],
      ['STORE_FILE_CHANGED', 'd/two'],
    ])
  })

  test('names files that are gone or cut as well', async () => {
    const folders = young()
    rmSync(join(folders.base, 'e'))
    truncateSync(join(folders.base, 'd/one'), 2)
    const { layers } = await censusOf(root.path)
    expect(layers[0]?.damaged.map(({ path, problem, size }) => [path, problem, size])).toEqual([
      ['d/one', 'size', 5],
      ['e', 'missing', 3],
    ])
  })

  test('has containers of what they wrote and of what docker put in', async () => {
    young()
    const own = root.container(JOB, { image: TOP, name: 'web' })
    writeFileSync(join(own, 'd.wh'), 'kept')
    writeFileSync(join(own, '.wh.e'), '')
    writeFileSync(join(own, '.wh..wh.aufs'), '')
    root.write(`aufs/diff/${JOB}-init/.dockerinit`, '')
    expect(await containerPaths(root.path, 'web')).toEqual(['/.dockerinit', '/d', '/d/two', '/d.wh'])
    expect(await writtenNames(root.path, 'web')).toEqual(['.wh.e', 'd.wh'])
  })

  test('tells folders that no image and no container has', async () => {
    young()
    root.container(JOB, { image: TOP, name: 'web' })
    root.write('aufs/diff/lost/x', '')
    const { findings } = await censusOf(root.path)
    expect(findings.map(({ code, where }) => [code, where.path])).toEqual([['STORE_CONTENT_ORPHAN', 'aufs/diff/lost']])
  })
})
