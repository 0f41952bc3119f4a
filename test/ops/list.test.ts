import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { entrySchema } from '../../src/model/report.js'
import { secondsOf } from '../../src/ops/list-rows.js'
import { list, type ListOptions } from '../../src/ops/list.js'
import { directory, file, hardlink, imageOf, layerOfBytes, layersOf, layerTar, symlink } from '../support/layers.js'

const ATTRIBUTES = { mode: 0o640, uid: 1, gid: 2, mtimeNs: 1_500_000_000_250_000_000n }

const layers = layersOf(
  [
    directory('etc/'),
    file('etc/passwd', { content: 'root', ...ATTRIBUTES }),
    hardlink('etc/group', 'etc/passwd', ATTRIBUTES),
    file('tmp/old'),
    symlink('conf', 'etc'),
  ],
  [
    directory('etc/', { mode: 0o700 }),
    file('etc/.wh.group'),
    file('tmp/.wh..wh..opq'),
    file('null', { type: 'char', device: [1, 3] }),
  ],
  [file('etc/caf\xe9', { xattrs: { 'user.b': '1', 'user.a': '1' } }), hardlink('zz', 'etc/caf\xe9')],
)
const image = imageOf(layers)

async function rows(options: Partial<ListOptions> = {}) {
  const { entries } = await list(image, { archive: 'app.tar', ...options }, runContext())
  for (const entry of entries) entrySchema.strict().parse(entry)
  // Read twice: as often as one likes.
  return [...entries]
}
const names = async (options: Partial<ListOptions> = {}) =>
  (await rows(options)).map(({ path, type, layer }) => `${layer} ${type} ${path}`)

describe('a merged listing', () => {
  test('holds every path in order, with the layer that made it', async () => {
    expect(await names()).toEqual([
      '0 symlink /conf',
      '1 directory /etc',
      '2 file /etc/caf\ufffd',
      '0 file /etc/passwd',
      '1 char /null',
      '0 directory /tmp',
      '2 hardlink /zz',
    ])
  })

  test('has every field of an entry', async () => {
    const found = new Map((await rows()).map((row) => [row.path, row]))
    const expected = { mode: 0o640, uid: 1, gid: 2, size: 4, mtime: '1500000000.25', xattrs: [], layer: 0 }
    expect(found.get('/etc/passwd')).toEqual({ path: '/etc/passwd', type: 'file', ...expected })
    expect(found.get('/null')).toMatchObject({ device: '1,3', size: 0, mtime: '1700000000' })
    expect(found.get('/conf')).toMatchObject({ linkPath: 'etc', mode: 0o777 })
    expect(found.get('/etc/caf\ufffd')).toMatchObject({ pathBytes: btoa('/etc/caf\xe9'), xattrs: ['user.a', 'user.b'] })
    expect(found.get('/zz')).toMatchObject({ linkPath: '/etc/caf\ufffd' })
  })

  test('of a directory holds what is directly in it, and all below it where that is asked for', async () => {
    expect(await names({ path: '/etc' })).toEqual(['2 file /etc/caf\ufffd', '0 file /etc/passwd'])
    expect(await names({ path: '/' })).toEqual([
      '0 symlink /conf',
      '1 directory /etc',
      '1 char /null',
      '0 directory /tmp',
      '2 hardlink /zz',
    ])
    expect(await names({ path: '/', recursive: true })).toEqual(await names())
  })

  test('of anything else holds it alone', async () => {
    expect(await names({ path: 'etc/passwd' })).toEqual(['0 file /etc/passwd'])
    expect(await names({ path: 'zz' })).toEqual(['2 hardlink /zz'])
  })

  test('follows links on the way, and a last one only before a slash, as ls -l does', async () => {
    expect(await names({ path: 'conf/passwd' })).toEqual(['0 file /etc/passwd'])
    expect(await names({ path: 'conf' })).toEqual(['0 symlink /conf'])
    expect(await names({ path: 'conf/' })).toEqual(['2 file /etc/caf\ufffd', '0 file /etc/passwd'])
  })

  test.each(['nope', 'etc/passwd/', 'tmp/old', 'etc/group'])('of %s, which is not there, is an error', async (path) => {
    await expect(rows({ path })).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: expect.stringContaining(path),
    })
  })

  test('of a damaged image holds what could be read, and says what could not', async () => {
    const cut = layerOfBytes(1, layerTar([file('a'), file('b', { content: 'x'.repeat(5000) })]).subarray(0, 2000))
    const damaged = imageOf([...layersOf([file('base')]), cut])
    const { entries, findings } = await list(damaged, { archive: 'app.tar' }, runContext())
    expect(Array.from(entries, ({ path }) => path)).toEqual(['/a', '/b', '/base'])
    expect(findings).toMatchObject([{ code: 'LAYER_TAR', where: { archive: 'app.tar', layer: 1 } }])
  })
})

describe('the listing of one layer', () => {
  test('holds its entries as stored, in order, whiteouts among them', async () => {
    expect(await names({ layer: 1 })).toEqual([
      '1 directory /etc',
      '1 whiteout /etc/group',
      '1 opaque /tmp',
      '1 char /null',
    ])
    expect(await names({ layer: 0, path: 'etc' })).toEqual(['0 file /etc/passwd', '0 hardlink /etc/group'])
  })

  test('shows hard links as they are stored', async () => {
    expect((await rows({ layer: 2 })).at(-1)).toMatchObject({ type: 'hardlink', linkPath: 'etc/caf\ufffd', size: 0 })
  })

  test.each([3, -1])('that the image does not have is an error: %i', async (layer) => {
    await expect(rows({ layer })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND', hint: 'the image has 0 (base) to 2' })
  })
})

describe('the listing of all layers', () => {
  test('tells of each path every layer that put it there or took it away', async () => {
    expect(await names({ allLayers: true })).toEqual([
      '0 symlink /conf',
      '0 directory /etc',
      '1 directory /etc',
      '2 file /etc/caf\ufffd',
      '0 hardlink /etc/group',
      '1 whiteout /etc/group',
      '0 file /etc/passwd',
      '1 char /null',
      '1 opaque /tmp',
      '0 file /tmp/old',
      '2 hardlink /zz',
    ])
  })

  test('of a path holds that path, though the merged tree has it no more', async () => {
    expect(await names({ allLayers: true, path: '/etc/group' })).toEqual([
      '0 hardlink /etc/group',
      '1 whiteout /etc/group',
    ])
    await expect(rows({ allLayers: true, path: 'nope' })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })
})

test.each([
  [0n, '0'],
  [1_700_000_000_000_000_000n, '1700000000'],
  [1n, '0.000000001'],
  [-1_500_000_000n, '-1.5'],
  [-1n, '-0.000000001'],
  [253_402_300_800_120_000_000n, '253402300800.12'],
])('%i nanoseconds are %s seconds', (ns, seconds) => {
  expect(secondsOf(ns)).toBe(seconds)
})
