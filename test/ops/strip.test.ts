import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import type { Image } from '../../src/model/image.js'
import { nullSink } from '../../src/formats/write/index.js'
import { stageLayer } from '../../src/ops/stage-layer.js'
import { strip } from '../../src/ops/strip.js'
import { digest } from '../support/archives.js'
import { concatenated } from '../support/chunks.js'
import { directory, file, hardlink, imageOf, layerOfBytes, layerTar, missingLayer, symlink } from '../support/layers.js'
import { configText, namesIn, storedImage, tarOf } from '../support/stored-image.js'
import { member, pax, tarOf as tarOfMembers } from '../support/tar-blocks.js'

const context = runContext()
const stripped = (image: Image, ...paths: string[]) => strip(image, { archive: 'test.tar', paths }, context)

const LONG = `etc/${'n'.repeat(200)}`
const app = storedImage({
  layers: [
    [directory('etc'), file('etc/a', { content: 'a' }), file('etc/key', { content: 'secret' }), file(LONG)],
    [directory('opt'), file('opt/b', { content: 'b' })],
    [file('etc/.wh.key'), file('etc/.wh.a'), directory('var'), file('var/.wh..wh..opq'), file('var/c')],
  ],
  history: [{ created_by: 'one' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'two' }, {}],
})

describe('a file that is stripped', () => {
  test('is in no layer any more, nor a whiteout of it; all other bytes are', async () => {
    const { image, stripped: gone } = await stripped(app, '/etc/key', LONG)
    expect(await tarOf(image.layers[0])).toEqual(layerTar([directory('etc'), file('etc/a', { content: 'a' })]))
    expect(image.layers[1]).toEqual(app.layers[1])
    expect(await namesIn(image.layers[2])).toEqual(['etc/.wh.a', 'var', 'var/.wh..wh..opq', 'var/c'])
    expect(gone).toEqual([
      { layer: 0, path: '/etc/key', names: 1, bytes: 6 },
      { layer: 0, path: `/${LONG}`, names: 1, bytes: 0 },
      { layer: 2, path: '/etc/key', names: 1, bytes: 0 },
    ])
  })

  test('changes the diffIDs of those layers and nothing else in the config', async () => {
    const { image } = await stripped(app, 'etc/key')
    const diffIDs = await Promise.all(image.layers.map(async (layer) => digest(await tarOf(layer))))
    const before = configText({ ...app, configSource: image.configSource }, diffIDs)
    expect(before).toMatchObject({
      history: [{ created_by: 'one' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'two' }, {}],
      rootfs: { type: 'layers', diff_ids: diffIDs },
      'x-mine': '<kept>',
    })
    expect(diffIDs[1]).toBe(app.layers[1]?.claims.diffID)
    expect(image.names).toEqual(['app:1'])
  })

  test('may be a directory with all in it, and leaves an empty layer in its place', async () => {
    const { image, stripped: gone } = await stripped(app, 'opt', 'var')
    expect(await tarOf(image.layers[1])).toEqual(new Uint8Array(1024))
    expect(await namesIn(image.layers[2])).toEqual(['etc/.wh.key', 'etc/.wh.a'])
    expect(gone).toEqual([
      { layer: 1, path: '/opt', names: 2, bytes: 1 },
      { layer: 2, path: '/var', names: 3, bytes: 0 },
    ])
  })

  test('may be all there is', async () => {
    const { image, stripped: gone } = await stripped(app, '/')
    expect(await Promise.all(image.layers.map(namesIn))).toEqual([[], [], []])
    expect(gone.map(({ path, names }) => [path, names])).toEqual([
      ['/', 4],
      ['/', 2],
      ['/', 5],
    ])
  })

  test('leaves what was odd about the layer, and told of it', async () => {
    const tar = layerTar([file('a'), file('b')])
    const endless = imageOf([layerOfBytes(0, tar.subarray(0, 1024))])
    const { config, configSource } = storedImage({ layers: [[]] })
    const { image } = await stripped({ ...endless, config, configSource }, 'a')
    expect(await tarOf(image.layers[0])).toEqual(tar.subarray(512, 1024))
    await using staging = nullSink('out.tar')
    const [layer] = image.layers
    const staged = layer && (await stageLayer(layer, { compress: 'keep', staging }, context))
    expect(staged?.notices?.map(({ code }) => code)).toEqual(['LAYER_END_MISSING'])
  })

  test('may be one of very many', async () => {
    const many = Array.from({ length: 150_000 }, (_, at) => member({ name: `f${String(at)}` }))
    const plain = imageOf([layerOfBytes(0, new Uint8Array(Buffer.concat([...many, new Uint8Array(1024)])))])
    const { config, configSource } = storedImage({ layers: [[]] })
    const { image, stripped: gone } = await stripped({ ...plain, config, configSource }, 'f*')
    expect(await tarOf(image.layers[0])).toEqual(new Uint8Array(1024))
    expect(gone).toHaveLength(150_000)
  })

  test('goes by every spelling of its name', async () => {
    const odd = storedImage({
      layers: [[file('./a//key'), file('a/b/../key'), symlink('link', 'a/key'), file('/a/z')]],
    })
    const { image } = await stripped(odd, 'a/key')
    expect(await namesIn(image.layers[0])).toEqual(['link', '/a/z'])
  })

  test('takes the headers before it along, and leaves those that are about all', async () => {
    const global = pax([['comment', 'hello']], 'g')
    const long = member({ name: '././@LongLink', type: 'L' }, `${'k'.repeat(150)}\0`)
    const kept = member({ name: 'kept' }, 'kept')
    const tar = tarOfMembers(global, long, member({ name: 'k'.repeat(100) }, 'gone'), kept)
    const plain = imageOf([layerOfBytes(0, tar)])
    const { config, configSource } = storedImage({ layers: [[]] })
    const { image: made } = await stripped({ ...plain, config, configSource }, 'k'.repeat(150))
    expect(await tarOf(made.layers[0])).toEqual(concatenated(global, kept, new Uint8Array(1024)))
  })
})

describe('nothing is stripped', () => {
  const linked = storedImage({ layers: [[file('a', { content: 'a' }), hardlink('b', 'a')], [hardlink('c', './a')]] })

  test('where a hard link to it stays: it is the same file', async () => {
    await expect(stripped(linked, 'a')).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: '"b" of layer 0 is a hard link to "a", which would go',
    })
    await expect(stripped(linked, 'a', 'b')).rejects.toMatchObject({
      message: expect.stringContaining('"c" of layer 1'),
    })
    const { image } = await stripped(linked, '[abc]')
    expect(await Promise.all(image.layers.map(namesIn))).toEqual([[], []])
    const { image: less } = await stripped(linked, 'b', 'c')
    expect(await namesIn(less.layers[0])).toEqual(['a'])
  })

  test('where AUFS kept the content apart, and it would stay', async () => {
    const apart = '.wh..wh.plnk/7.9'
    const aufs = storedImage({ layers: [[file(apart, { content: 'key' }), hardlink('a', apart), file('b')]] })
    await expect(stripped(aufs, 'a')).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: `"a" of layer 0 is a hard link to "${apart}", which would stay`,
    })
    const { image } = await stripped(aufs, 'a', apart)
    expect(await namesIn(image.layers[0])).toEqual(['b'])
  })

  test('for a pattern that matches nothing, nor where a layer is lost, damaged or too deep', async () => {
    await expect(stripped(app, 'etc/key', 'nope')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    const [base, ...others] = app.layers
    if (base === undefined) throw new Error('a base')
    const error = new ArchiveError('ERR_NOT_FOUND', 'the layer is not in the archive')
    const lost = { ...app, layers: [{ ...missingLayer(0, error), claims: base.claims }, ...others] }
    await expect(stripped(lost, 'opt')).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: 'layer 0: the layer is not in the archive',
    })
    const other = { ...app, layers: [{ ...layerOfBytes(0, layerTar([file('x')])), claims: base.claims }, ...others] }
    await expect(stripped(other, 'opt')).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    const deep = storedImage({ layers: [[file('a/'.repeat(2000) + 'b')]] })
    await expect(stripped(deep, 'a')).rejects.toMatchObject({ code: 'ERR_LIMIT' })
  })
})
