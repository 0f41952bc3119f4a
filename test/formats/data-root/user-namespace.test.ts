import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runContext, type UserNamespace } from '../../../src/context.js'
import { openContainer } from '../../../src/formats/data-root/index.js'
import { overlayForm } from '../../../src/formats/data-root/write/overlay-form.js'
import { idInContainer, idOnHost, parseUserNamespace } from '../../../src/model/user-namespace.js'
import type { TarEntry } from '../../../src/tar/entry.js'
import { scanChunks } from '../../../src/tar/scan.js'
import { concatenated } from '../../support/chunks.js'
import { dataRoot, type RootFixture } from '../../support/data-root.js'
import { flipByte } from '../../support/graph-root.js'
import { layerTar, type LayerEntry } from '../../support/layers.js'
import { censusOf, openRoot, tarOfLayer } from '../../support/root-contents.js'
import { decode, END, member, tarOf } from '../../support/tar-blocks.js'

const isRoot = process.getuid?.() === 0
const BASE = tarOf(member({ name: 'one' }, 'first'))

describe('a user namespace', () => {
  test('as --userns-remap has it maps ids without a gap', () => {
    const space = parseUserNamespace('231072:165536')
    expect(space).toEqual({ uid: { root: 231072, first: 231073 }, gid: { root: 165536, first: 165537 } })
    const { uid } = space as UserNamespace // it was just compared
    expect([0, 1, 65535].map((id) => idOnHost(uid, id))).toEqual([231072, 231073, 296607])
    expect([231072, 231079, 0].map((id) => idInContainer(uid, id))).toEqual([0, 7, 0])
    expect(idOnHost(uid, 65536)).toBeUndefined()
  })

  test('of a rootless daemon has its user as root', () => {
    const space = parseUserNamespace('1000:1000,100000:200000') as UserNamespace // else the next line throws
    expect(space.uid).toEqual({ root: 1000, first: 100000 })
    expect([0, 1, 33].map((id) => idOnHost(space.gid, id))).toEqual([1000, 200000, 200032])
    expect([1000, 100000, 100032, 50].map((id) => idInContainer(space.uid, id))).toEqual([0, 1, 33, 50])
  })

  test.each(['', '1', '1:', ':1', 'a:b', '1:2,3', '1:2,3:4,5:6', '-1:0', '99999999999:0'])('is not %j', (text) => {
    expect(parseUserNamespace(text)).toBeUndefined()
  })
})

describe.skipIf(!isRoot)('what a container wrote in a user namespace', () => {
  let root: RootFixture
  let written = ''
  beforeEach(() => {
    root = dataRoot()
    written = root.container('web', root.image(['web:1'], BASE), BASE)
    mkdirSync(join(written, 'd'))
    writeFileSync(join(written, 'd/new'), 'new')
  })
  afterEach(() => root[Symbol.dispose]())

  /** Owners on the disk: of the driver's folder, of the folder and of the file of the container. */
  function own(driver: [number, number], folder: [number, number], file: [number, number]) {
    chownSync(join(root.path, 'overlay2'), ...driver)
    for (const name of ['', 'd']) chownSync(join(written, name), ...folder)
    chownSync(join(written, 'd/new'), ...file)
  }

  async function ownersIn(path: string, space?: UserNamespace, engine = 24) {
    const context = runContext(space === undefined ? {} : { userNamespace: space })
    await using opened = await openContainer(path, context, 'web')
    const parts = await opened.container.parts({ engine })
    const entries: TarEntry[] = []
    await scanChunks(parts.written.tar(context), { onEntry: (entry) => entries.push(entry) }, context)
    return {
      owners: entries.map(({ path, uid, gid }) => `${path} ${String(uid)}:${String(gid)}`),
      names: entries.map(({ uname }) => uname),
      codes: opened.findings.map(({ code }) => code),
    }
  }

  test('belongs to whom the container sees, by the name of the folder', async () => {
    own([0, 0], [231072, 165536], [231079, 165544])
    const place = `${root.path}/231072.165536`
    mkdirSync(place)
    for (const name of ['image', 'overlay2', 'containers']) renameSync(join(root.path, name), join(place, name))
    written = written.replace(root.path, place)
    for (const path of [place, `${place}/`, root.path]) {
      expect((await ownersIn(path)).owners).toEqual(['d/ 0:0', 'd/new 7:8'])
    }
  })

  test('belongs to whom the container sees, by the group of the folder of the driver', async () => {
    own([0, 231072], [231072, 231072], [231079, 231080])
    const { owners, codes } = await ownersIn(root.path)
    expect(owners).toEqual(['d/ 0:0', 'd/new 7:8'])
    expect(codes).not.toContain('STORE_USER_NAMESPACE')
  })

  test('has no names in headers of old engines, which looked for those of the host', async () => {
    own([0, 231072], [231072, 231072], [231079, 231080])
    expect((await ownersIn(root.path, undefined, 20)).names).toEqual(['', ''])
    own([0, 0], [0, 0], [0, 0])
    expect((await ownersIn(root.path, undefined, 20)).names).toEqual(['root', 'root'])
  })

  test('is guessed for a rootless daemon, and the guess is told', async () => {
    own([1000, 1000], [1000, 1000], [165536 + 6, 165536 + 7])
    const { owners, codes } = await ownersIn(root.path)
    expect(owners).toEqual(['d/ 0:0', 'd/new 7:8'])
    expect(codes).toContain('STORE_USER_NAMESPACE')
    const given = await ownersIn(root.path, parseUserNamespace('1000:1000,165536:165536'))
    expect(given.owners).toEqual(owners)
    expect(given.codes).not.toContain('STORE_USER_NAMESPACE')
  })

  test('has the names of a rootless daemon, which is root in the namespace as containers are', async () => {
    own([1000, 1000], [1000, 1000], [1000, 1000])
    expect(spawnSync('mknod', [join(written, 'd/gone'), 'c', '0', '0']).status).toBe(0)
    chownSync(join(written, 'd/gone'), 1000, 1000)
    const { owners, names } = await ownersIn(root.path, undefined, 20)
    expect(owners).toEqual(['d/ 0:0', 'd/.wh.gone 0:0', 'd/new 0:0'])
    expect(names).toEqual(['root', 'root', 'root'])
  })

  test('stays as it is where there is no namespace', async () => {
    own([0, 0], [0, 0], [231079, 5])
    expect((await ownersIn(root.path)).owners).toEqual(['d/ 0:0', 'd/new 231079:5'])
    own([338377, 89939], [338377, 89939], [338377, 89939]) // a copy, by nobody whom the host gave a namespace
    expect((await ownersIn(root.path)).owners).toEqual(['d/ 338377:89939', 'd/new 338377:89939'])
  })
})

describe('a layer on the disk of a daemon with a user namespace', () => {
  const space = parseUserNamespace('231072:231072') as UserNamespace // else every test here fails
  const written = (form: ReturnType<typeof overlayForm>, ...entries: readonly LayerEntry[]) => {
    const headers = decode(layerTar(entries)).entries.map((entry) => form.headerOf(entry))
    return decode(concatenated(...headers, END)).entries
  }

  test('has the owners of the host, folders that nobody named too', () => {
    const entries = written(overlayForm('layer', space), { path: 'a/b/file', uid: 7, gid: 8 }, { path: 'a/b/.wh.gone' })
    expect(entries.map(({ path, uid, gid }) => [path, uid, gid])).toEqual([
      ['a/', 231072, 231072],
      ['a/b/', 231072, 231072],
      ['a/b/file', 231079, 231080],
      ['a/b/gone', 231072, 231072],
    ])
  })

  test('is refused where it has an owner that the namespace has not', () => {
    expect(() => written(overlayForm('layer', space), { path: 'x', uid: 2_000_000 })).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED' }),
    )
  })

  test('marks opaque folders as a rootless daemon reads them', () => {
    const rootless = parseUserNamespace('1000:1000,100000:100000')
    const form = overlayForm('layer', rootless)
    const [, marked] = written(form, { path: 'd/', type: 'directory' }, { path: 'd/.wh..wh..opq' })
    expect([...(marked?.pax.keys() ?? [])]).toEqual(['SCHILY.xattr.user.overlay.opaque'])
  })
})

describe('a layer that a rootless daemon unpacked into the mounted whole', () => {
  const LINKS = tarOf(
    member({ name: 'usr/', type: '5' }),
    member({ name: 'usr/lib/', type: '5' }),
    member({ name: 'lib', type: '2', link: 'usr/lib' }),
    member({ name: 'op/', type: '5' }),
    member({ name: 'op/old' }, 'old'),
  )
  const UPPER = tarOf(
    member({ name: 'lib/one' }, 'first'),
    member({ name: 'op/.wh..wh..opq' }),
    member({ name: 'op/new' }),
  )
  let root: RootFixture
  beforeEach(() => {
    root = dataRoot()
    root.image(['app:1'], LINKS, UPPER)
    symlinkSync('usr/lib', join(root.diff(LINKS), 'lib'))
    mkdirSync(join(root.diff(LINKS), 'usr/lib'), { recursive: true })
    mkdirSync(join(root.diff(UPPER), 'usr'))
    renameSync(join(root.diff(UPPER), 'lib'), join(root.diff(UPPER), 'usr/lib'))
  })
  afterEach(() => root[Symbol.dispose]())

  test('is found behind the links of the layers below it', async () => {
    const { layers, findings } = await censusOf(root.path)
    expect(findings).toEqual([])
    expect(layers.map(({ state }) => state)).toEqual(['exact', 'exact'])
    await using archive = await openRoot(root.path)
    expect(await tarOfLayer(archive.images[0]?.layers[1])).toEqual(UPPER)
  })

  test.skipIf(!isRoot)('has a device for each file that an opaque directory took away', async () => {
    expect(spawnSync('mknod', [join(root.diff(UPPER), 'op/old'), 'c', '0', '0']).status).toBe(0)
    expect((await censusOf(root.path)).findings).toEqual([])
  })

  test('is damaged by its name in the layer, and has strangers by where they lie', async () => {
    flipByte(join(root.diff(UPPER), 'usr/lib/one'))
    writeFileSync(join(root.diff(UPPER), 'usr/lib/two'), '')
    const { findings } = await censusOf(root.path)
    expect(findings.map(({ code, where }) => [code, where.entry])).toEqual([
      ['STORE_FILE_CHANGED', 'lib/one'],
      ['STORE_FILE_ADDED', 'usr/lib/two'],
    ])
  })
})
