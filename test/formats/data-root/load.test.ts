import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { ArchiveError } from '../../../src/errors.js'
import { loadInto } from '../../../src/formats/data-root/write/index.js'
import { withNames } from '../../../src/formats/data-root/write/names.js'
import { overlayForm } from '../../../src/formats/data-root/write/overlay-form.js'
import { openArchive } from '../../../src/formats/index.js'
import { knownImage } from '../../../src/ops/relayer.js'
import { verify } from '../../../src/ops/verify.js'
import { dockerSave, packed, PLAIN, type ImageFixture } from '../../support/archives.js'
import { latin1Bytes } from '../../../src/tar/path.js'
import { concatenated } from '../../support/chunks.js'
import { layerTar, type LayerEntry } from '../../support/layers.js'
import { decode, END } from '../../support/tar-blocks.js'

const isRoot = process.getuid?.() === 0
// In a container root may not mount.
const canMount = isRoot && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0
let folder = ''
let root = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'imgtar-load-'))
  root = mkdtempSync(join(folder, 'root-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ids = (path: string) => readdirSync(path, { recursive: true }).map(String).sort()

async function load(archive: Uint8Array, options = { isRoot: true }, context = runContext()) {
  const file = join(folder, 'archive.tar')
  writeFileSync(file, archive)
  await using opened = await openArchive(file, runContext(), { access: 'random' })
  const images = []
  for (const image of opened.images) images.push(await knownImage(image, runContext()))
  return await loadInto(root, images, options, context)
}

const image = (fixture: ImageFixture) => packed(dockerSave(fixture))

describe.skipIf(!isRoot)('a data-root that images are loaded into', () => {
  test('holds them, layer for layer, with their names', async () => {
    const [layers] = await load(image(PLAIN))
    expect(layers?.map(({ cacheID }) => cacheID !== undefined)).toEqual([true, true])
    await using archive = await openArchive(root, runContext(), { transport: 'docker-root' })
    expect(archive.images.map(({ names }) => names)).toEqual([['app:1']])
    expect((await verify(archive)).findings).toEqual([])
  })

  test('shares the layers that it has', async () => {
    await load(image(PLAIN))
    const [layers] = await load(image({ ...PLAIN, names: ['app:2'], config: { Labels: { a: 'b' } } }))
    expect(layers?.map(({ cacheID }) => cacheID)).toEqual([undefined, undefined])
    expect(readdirSync(join(root, 'overlay2'))).toHaveLength(3)
    await using archive = await openArchive(root, runContext(), { transport: 'docker-root' })
    expect(archive.images.flatMap(({ names }) => names).sort()).toEqual(['app:1', 'app:2'])
  })

  test('is as it was where a layer is damaged', async () => {
    await load(image({ ...PLAIN, names: ['first:1'] }))
    const before = ids(root)
    const names = readFileSync(join(root, 'image/overlay2/repositories.json'), 'utf8')
    const other = {
      names: ['bad:1'],
      layers: PLAIN.layers.toReversed(),
      diffIDs: [`sha256:${'0'.repeat(64)}`, `sha256:${'1'.repeat(64)}`],
    }
    await expect(load(image(other))).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    expect(ids(root)).toEqual(before)
    expect(readFileSync(join(root, 'image/overlay2/repositories.json'), 'utf8')).toBe(names)
  })

  test('is as it was where the work is interrupted, however far it was', async () => {
    await load(image({ ...PLAIN, names: ['first:1'] }))
    const before = ids(root)
    const other = { ...PLAIN, names: ['app:2'], layers: PLAIN.layers.toReversed() }
    for (let calls = 1; calls <= 2; calls++) {
      const stop = new AbortController()
      let left = calls
      const onProgress = () => {
        left -= 1
        if (left === 0) stop.abort(new ArchiveError('ERR_ABORTED', 'interrupted'))
      }
      const interrupted = load(image(other), { isRoot: true }, runContext({ signal: stop.signal, onProgress }))
      await expect(interrupted).rejects.toMatchObject({ code: 'ERR_ABORTED' })
      expect(ids(root)).toEqual(before)
    }
  })

  test.skipIf(!canMount)('is as it was where the disk is full', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]).status).toBe(0)
    try {
      root = join(disk, 'root')
      mkdirSync(root)
      await load(image(PLAIN))
      const before = ids(root)
      const large = layerTar([{ path: 'large', content: 'x'.repeat(1024 * 1024) }])
      await expect(load(image({ names: ['large:1'], layers: [large] }))).rejects.toMatchObject({ code: 'ERR_OUTPUT' })
      expect(ids(root)).toEqual(before)
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('is refused while a daemon seems to run on it', async () => {
    await load(image(PLAIN))
    writeFileSync(join(root, 'docker.pid'), '1')
    await expect(load(image(PLAIN))).rejects.toThrow('a daemon seems to run')
  })

  test.each([
    ['overlay2', 'no directory'],
    ['image', 'no directory'],
    ['image/overlay2/layerdb/sha256', 'no directory'],
    ['image/overlay2/repositories.json', 'no file'],
  ])('has no link for %s: nothing is written or read behind it', async (key, message) => {
    await load(image({ ...PLAIN, names: ['first:1'] }))
    const outside = join(folder, 'outside')
    renameSync(join(root, key), outside)
    symlinkSync(outside, join(root, key))
    const before = ids(folder)
    const other = image({ ...PLAIN, names: ['app:2'], layers: PLAIN.layers.toReversed() })
    await expect(load(other)).rejects.toThrow(message)
    expect(ids(folder)).toEqual(before)
  })

  test('takes no name of a layer below from behind a link', async () => {
    await load(image(PLAIN))
    for (const id of readdirSync(join(root, 'overlay2')).filter((name) => name !== 'l')) {
      rmSync(join(root, 'overlay2', id, 'link'))
      symlinkSync('/etc/hostname', join(root, 'overlay2', id, 'link'))
    }
    const more = [...PLAIN.layers, layerTar([{ path: 'more', content: 'x' }])]
    await expect(load(image({ names: ['app:2'], layers: more }))).rejects.toMatchObject({ code: 'ERR_DOCUMENT' })
  })

  test('is no directory of something else', async () => {
    writeFileSync(join(root, 'letter.txt'), 'Dear docker')
    await expect(load(image(PLAIN))).rejects.toThrow('this is no data-root')
    expect(ids(root)).toEqual(['letter.txt'])
  })
})

test('a data-root that is not there is not made, and it is said how', async () => {
  rmSync(root, { recursive: true })
  const hint = 'an empty directory becomes a data-root: mkdir makes one'
  await expect(load(image(PLAIN))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND', hint })
})

test('a data-root is refused to those who may not set owners', async () => {
  await expect(load(image(PLAIN), { isRoot: false })).rejects.toMatchObject({ code: 'ERR_OUTPUT' })
  expect(ids(root)).toEqual([])
})

describe('what overlayfs has on disk', () => {
  const written = (...entries: readonly LayerEntry[]) => {
    const form = overlayForm('layer')
    const headers = decode(layerTar(entries)).entries.map((entry) => form.headerOf(entry))
    return decode(concatenated(...headers, END)).entries
  }

  test('is a device for what is deleted, and an attribute for what is opaque', () => {
    const [folder, opaque, deleted] = written(
      { path: 'd/', type: 'directory', mode: 0o750 },
      { path: 'd/.wh..wh..opq' },
      { path: 'e/.wh.gone', uid: 7 },
    )
    expect(folder).toMatchObject({ path: 'd/', type: 'directory' })
    expect(opaque).toMatchObject({ path: 'd/', type: 'directory', mode: 0o750 })
    expect(opaque?.pax.get('SCHILY.xattr.trusted.overlay.opaque')).toEqual(latin1Bytes('y'))
    expect(deleted).toMatchObject({ path: 'e/gone', type: 'char', mode: 0, uid: 7, devMajor: 0, devMinor: 0 })
  })

  test('never has the attributes that overlayfs obeys from an image', () => {
    const [entry] = written({
      path: 'd/',
      type: 'directory',
      xattrs: { 'trusted.overlay.redirect': '/etc', 'security.capability': 'x' },
    })
    expect([...(entry?.pax.keys() ?? [])]).toEqual(['SCHILY.xattr.security.capability'])
  })

  test.each([
    ['../out', 'ERR_UNSAFE_PATH'],
    ['d/.wh...', 'ERR_UNSUPPORTED'],
    ['.wh.', 'ERR_UNSUPPORTED'],
  ])('is refused for %s', (path, code) => {
    expect(() => written({ path })).toThrow(expect.objectContaining({ code }))
  })
})

test('a name moves to the image that was loaded last, and no other name does', () => {
  const before = JSON.stringify({ Repositories: { app: { 'app:1': 'sha256:a', 'app@sha256:1': 'sha256:a' } } })
  const after: unknown = JSON.parse(withNames(before, [['app:1', 'sha256:b']], 'repositories.json'))
  expect(after).toEqual({ Repositories: { app: { 'app:1': 'sha256:b', 'app@sha256:1': 'sha256:a' } } })
})
