import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { append } from '../../src/ops/append.js'
import { rebase } from '../../src/ops/rebase.js'
import { squash, type SquashOptions } from '../../src/ops/squash.js'
import { digest } from '../support/archives.js'
import { directory, file, hardlink, layerOfBytes, layerTar } from '../support/layers.js'
import { decode } from '../support/tar-blocks.js'
import { configText, CREATED, namesIn, storedImage as stored, tarOf } from '../support/stored-image.js'

const context = runContext()

describe('squash', () => {
  const app = stored({
    layers: [
      [directory('etc'), file('etc/a', { content: 'a' }), file('etc/secret', { content: 's' })],
      [file('etc/b', { content: 'b' }), file('etc/tmp', { content: 'gone' })],
      [file('etc/.wh.tmp'), file('etc/.wh.a'), file('etc/.wh.never')],
    ],
    history: [
      { created_by: 'one' },
      { created_by: 'ENV', empty_layer: true },
      { created_by: 'two' },
      { created_by: 'three' },
    ],
  })
  const squashed = (options: Partial<SquashOptions>) =>
    squash(app, { archive: 'test.tar', from: 0, ...options }, context)

  test('makes one layer without whiteouts of all layers', async () => {
    const { image } = await squashed({})
    expect(image.layers).toHaveLength(1)
    expect(await namesIn(image.layers[0])).toEqual(['etc/', 'etc/b', 'etc/secret'])
    expect(new TextDecoder().decode(await tarOf(image.layers[0]))).not.toContain('gone')
  })

  test('keeps a whiteout for what stands in a layer that is kept, and for nothing else', async () => {
    const { image } = await squashed({ from: 1 })
    expect(image.layers[0]).toMatchObject({ blob: app.layers[0]?.blob, claims: app.layers[0]?.claims })
    expect(await namesIn(image.layers[1])).toEqual(['etc/', 'etc/.wh.a', 'etc/b'])
  })

  test('keeps the steps, which make nothing any more, and adds the one that makes the layer', async () => {
    const { image } = await squashed({ from: 1 })
    const diffIDs = [digest(layerTar([])), digest(new Uint8Array(1))]
    expect(configText(image, diffIDs)).toEqual({
      architecture: 'amd64',
      config: { Cmd: ['/app'], Unknown: 1 },
      created: CREATED,
      history: [
        { created_by: 'one' },
        { created_by: 'ENV', empty_layer: true },
        { created_by: 'two', empty_layer: true },
        { created_by: 'three', empty_layer: true },
        { created: CREATED, created_by: 'imgtar squash', comment: '2 layers squashed' },
      ],
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: diffIDs },
      'x-mine': '<kept>',
    })
    expect(image).toMatchObject({ names: ['app:1'], manifest: undefined })
  })

  test('gives the same bytes twice', async () => {
    const [one, two] = [await squashed({}), await squashed({})]
    expect(await tarOf(one.image.layers[0])).toEqual(await tarOf(two.image.layers[0]))
  })

  test('leaves out what is excluded, and gives its content to the hard link that stays', async () => {
    const linked = stored({ layers: [[file('a', { content: 'shared' }), hardlink('b', 'a')]] })
    const { image, excluded } = await squash(linked, { archive: 'test.tar', from: 0, exclude: ['/a'] }, context)
    const { entries, contents } = decode(await tarOf(image.layers[0]))
    expect(excluded).toEqual(['a'])
    expect(entries.map(({ path, type }) => [path, type])).toEqual([['b', 'file']])
    expect(contents).toEqual(['shared'])
  })

  test.each([
    ['etc/**', ['etc/']],
    ['/', []],
  ])('leaves of %j out: %j', async (pattern, names) => {
    const { image } = await squashed({ exclude: [pattern] })
    expect(await namesIn(image.layers[0])).toEqual(names)
  })

  test('refuses to exclude what would stay in a layer that is kept', async () => {
    await expect(squashed({ from: 1, exclude: ['etc/s*'] })).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: '"etc/secret" stands in a layer that is kept, and would stay in the archive',
    })
  })

  test('refuses a pattern that matches nothing', async () => {
    await expect(squashed({ exclude: ['etc/secret', 'nope'] })).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: 'nothing in the image matches "nope"',
    })
  })

  test('refuses a layer that is damaged, whichever it is', async () => {
    const [lower, ...upper] = app.layers
    if (lower === undefined) throw new Error('a layer')
    const other = { ...layerOfBytes(0, layerTar([file('etc/other')])), claims: lower.claims }
    const damaged = { ...app, layers: [other, ...upper] }
    await expect(squash(damaged, { archive: 'test.tar', from: 0 }, context)).rejects.toMatchObject({
      code: 'ERR_DIGEST',
    })
  })

  test('refuses an image whose config knows of more layers', async () => {
    const fewer = { ...app, layers: app.layers.slice(0, 2) }
    await expect(squash(fewer, { archive: 'test.tar', from: 0 }, context)).rejects.toMatchObject({
      code: 'ERR_DOCUMENT',
    })
  })

  test.each([-1, 3])('refuses layer %i, which is not there', async (from) => {
    await expect(squashed({ from })).rejects.toMatchObject({ code: 'ERR_USAGE', hint: 'the image has 0 (base) to 2' })
  })

  test('makes a history as long as the layers where there was none', async () => {
    const bare = stored({ layers: [[file('a')], [file('b')], [file('c')]], history: [] })
    const { image } = await squash(bare, { archive: 'test.tar', from: 1 }, context)
    expect(configText(image, [])).toMatchObject({
      history: [{}, { empty_layer: true }, { empty_layer: true }, { created_by: 'imgtar squash' }],
    })
  })
})

describe('append', () => {
  const app = stored({ layers: [[file('a')]] })
  const more = layerOfBytes(0, layerTar([file('b', { content: 'b' })]))

  test('puts layers on top, byte for byte, with a step for each', async () => {
    const image = await append(
      app,
      [
        { ...more, path: '/somewhere/site.tar' },
        { ...more, path: 'public/' },
      ],
      { comment: 'c' },
      context,
    )
    expect(image.layers.map(({ index, blob }) => [index, blob])).toEqual([
      [0, app.layers[0]?.blob],
      [1, more.blob],
      [2, more.blob],
    ])
    expect(configText(image, []).history).toEqual([
      { created: CREATED, created_by: 'COPY 0' },
      { created: CREATED, created_by: 'imgtar append site.tar', comment: 'c' },
      { created: CREATED, created_by: 'imgtar append public', comment: 'c' },
    ])
  })

  test('refuses what is no whole tar', async () => {
    const broken = layerOfBytes(0, layerTar([file('b', { content: 'b'.repeat(2000) })]).slice(0, 1000))
    await expect(append(app, [broken], {}, context)).rejects.toMatchObject({
      code: 'ERR_TAR_HEADER',
      location: 'layer-0.tar',
    })
  })
})

describe('rebase', () => {
  const base = [file('base', { content: 'one' })]
  const patched = [file('base', { content: 'two' })]
  const extra = [file('extra')]
  const own = [file('own')]
  const step = (name: string, more = {}) => ({ created: CREATED, created_by: name, ...more })
  const old = stored({ layers: [base], history: [step('base'), step('BASE ENV', { empty_layer: true })] })
  const next = stored({
    layers: [patched, extra],
    history: [step('patched'), step('extra')],
    config: { variant: 'v2', 'os.version': '1' },
  })
  const app = stored({
    layers: [base, own],
    history: [
      step('base'),
      step('BASE ENV', { empty_layer: true }),
      step('APP ENV', { empty_layer: true }),
      step('own'),
    ],
  })
  const platform = { os: 'linux', architecture: 'amd64', variant: 'v2' }

  test('exchanges the layers, the history and the platform of the base', async () => {
    const image = await rebase(
      { image: app, oldBase: old, newBase: { ...next, platform }, archive: 'app.tar' },
      context,
    )
    expect(image.layers.map(({ blob }) => blob)).toEqual([...next.layers, app.layers[1]].map((layer) => layer?.blob))
    expect(image.layers.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(configText(image, [])).toMatchObject({
      history: [step('patched'), step('extra'), step('APP ENV', { empty_layer: true }), step('own')],
      variant: 'v2',
      'os.version': '1',
      config: { Cmd: ['/app'] },
    })
  })

  test('refuses an old base that is not below, and names the layer', async () => {
    const mistaken = { image: app, oldBase: next, newBase: old, archive: 'app.tar' }
    await expect(rebase(mistaken, context)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: `the old base is not below the image: its layer 0 is ${digest(layerTar(patched))}`,
      hint: `layer 0 of the image is ${digest(layerTar(base))}`,
    })
  })

  test('refuses an old base with more layers than the image', async () => {
    const taller = stored({ layers: [base, own, extra] })
    await expect(
      rebase({ image: app, oldBase: taller, newBase: next, archive: 'app.tar' }, context),
    ).rejects.toMatchObject({
      hint: 'the image has 2 layers',
    })
  })

  test('refuses a base for another platform', async () => {
    const other = { ...next, platform: { os: 'linux', architecture: 'arm64' } }
    await expect(
      rebase({ image: app, oldBase: old, newBase: other, archive: 'app.tar' }, context),
    ).rejects.toMatchObject({
      message: 'the new base is for linux/arm64, the image for linux/amd64',
    })
  })
})
