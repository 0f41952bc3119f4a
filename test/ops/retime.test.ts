import { describe, expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { runContext } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import type { Image, Layer } from '../../src/model/image.js'
import { retime, type RetimeOptions } from '../../src/ops/retime.js'
import { digest } from '../support/archives.js'
import { directory, file, hardlink, layerOfBytes, layerTar, missingLayer, symlink } from '../support/layers.js'
import { CREATED, configText, storedImage, tarOf } from '../support/stored-image.js'

const context = runContext()
const ARCHIVE = 'test.tar'
const LATE = '2023-11-10T00:00:00Z'
const seconds = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n
const retimed = (image: Image, options: Partial<RetimeOptions>) =>
  retime(image, { archive: ARCHIVE, to: '2023-11-08T00:00:00Z', which: 'later', ...options }, context)

/** Three layers: early, late and of both; the steps say when. */
const made = (early: string, late: string) => {
  const [before, after] = [{ mtimeNs: seconds(early) }, { mtimeNs: seconds(late) }]
  return storedImage({
    layers: [
      [directory('etc', before), file('etc/a', { content: 'a', ...before })],
      [file('b', { content: 'b', ...after }), hardlink('c', 'b', after)],
      [{ ...symlink('d', 'b'), ...before }, file('e', after), file('.wh.c', after)],
    ],
    history: [
      { created: early, created_by: 'one', author: 'me' },
      { created: early, created_by: 'CMD', empty_layer: true },
      { created: late, created_by: 'two' },
      { created: late, created_by: 'three' },
      { created: late, created_by: 'ENV', empty_layer: true },
    ],
    config: { created: late },
  })
}
const app = made(CREATED, LATE)
const diffIDs = (image: Image) => Promise.all(image.layers.map(async (layer) => digest(await tarOf(layer))))
const textOf = async (image: Image) => configText(image, await diffIDs(image))

describe('an image that is given other times', () => {
  test('has none after the one that is named; the earlier ones and all else stay', async () => {
    const { image, retimed: told } = await retimed(app, {})
    const wanted = made(CREATED, '2023-11-08T00:00:00Z')
    expect(await diffIDs(image)).toEqual(await diffIDs(wanted))
    const to = '2023-11-08T00:00:00Z'
    expect(await textOf(image)).toEqual({
      architecture: 'amd64',
      config: { Cmd: ['/app'], Unknown: 1.0 },
      created: to,
      history: [
        { created: CREATED, created_by: 'one', author: 'me' },
        { created: CREATED, created_by: 'CMD', empty_layer: true },
        { created: to, created_by: 'two' },
        { created: to, created_by: 'three' },
        { created: to, created_by: 'ENV', empty_layer: true },
      ],
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: await diffIDs(wanted) },
      'x-mine': '<kept>',
    })
    expect(image.names).toEqual(['app:1'])
    expect(told).toEqual({
      to: '2023-11-08T00:00:00Z',
      which: 'later',
      layers: [
        { layer: 1, entries: 2 },
        { layer: 2, entries: 2 },
      ],
      config: true,
      builder: false,
    })
  })

  test('keeps the layers in which no time changes, as they are stored', async () => {
    const { image } = await retimed(app, {})
    expect(image.layers[0]).toEqual(app.layers[0])
    expect(image.layers[1]?.claims).toEqual({})
  })

  test('is the same as one that was made at another time, where every time becomes one', async () => {
    const texts = await Promise.all(
      [app, made('1999-12-31T23:59:59Z', '2200-01-01T00:00:00Z')].map(async (one) => {
        const { image } = await retimed(one, { to: '1970-01-01T00:00:00Z', which: 'all' })
        return await textOf(image)
      }),
    )
    expect(texts[0]).toEqual(texts[1])
    expect(texts[0]).toMatchObject({ created: '1970-01-01T00:00:00Z', 'x-mine': '<kept>' })
  })

  test('is itself where nothing changes', async () => {
    const { image, retimed: told } = await retimed(app, { to: LATE })
    expect(image).toBe(app)
    expect(told).toEqual({ to: LATE, which: 'later', layers: [], config: false, builder: false })
  })

  test('has other times in its config alone, where its layers have none', async () => {
    const early = { mtimeNs: seconds(CREATED) }
    const one = storedImage({ layers: [[file('a', early)]], history: [{ created: LATE }], config: { created: LATE } })
    const { image, retimed: told } = await retimed(one, {})
    expect(image.layers).toEqual(one.layers)
    expect(told).toMatchObject({ layers: [], config: true })
    expect(await textOf(image)).toMatchObject({
      created: '2023-11-08T00:00:00Z',
      history: [{ created: '2023-11-08T00:00:00Z' }],
    })
  })

  test('keeps the layers below the first that is named, with their steps', async () => {
    const { image, retimed: told } = await retimed(app, { to: '2000-01-01T00:00:00Z', which: 'all', from: 1 })
    expect(told.layers.map(({ layer }) => layer)).toEqual([1, 2])
    expect(image.layers[0]).toEqual(app.layers[0])
    const { history, created } = (await textOf(image)) as { history: { created: string }[]; created: string }
    expect([...history.map((step) => step.created), created]).toEqual([
      CREATED,
      ...Array<string>(5).fill('2000-01-01T00:00:00Z'),
    ])
  })

  test.each([
    ['2023-11-08T00:00:00.000000001Z', true],
    ['2023-11-08T00:00:00,5Z', true],
    ['2023-11-08T1:00:00Z', true],
    ['2023-11-08T02:00:00+03:00', false],
    ['2023-11-08T00:00:00.000Z', false],
    ['0001-01-01T00:00:00Z', false],
    ['', false],
    ['some day', false],
  ])('was made at %j: later is %s', async (created, isLater) => {
    const one = storedImage({ layers: [], history: [{ created }] })
    const { retimed: told } = await retimed(one, {})
    expect(told.config).toBe(isLater)
  })

  test('says nothing more of who built it, where that is wished', async () => {
    const built = (container: string, engine: string) =>
      storedImage({
        layers: [[file('a')]],
        config: {
          config: { Hostname: container, Cmd: ['/app'], Image: `sha256:${container}`, Labels: { Image: 'stays' } },
          container,
          Container_Config: { Hostname: container },
          docker_version: engine,
        },
      })
    const forgotten = await Promise.all(
      [built('a', '20.10.24'), built('b', '28.5.2')].map((image) =>
        retimed(image, { which: 'all', to: CREATED, forgetBuilder: true }),
      ),
    )
    expect(forgotten.map(({ retimed: { builder } }) => builder)).toEqual([true, true])
    const [text, other] = await Promise.all(forgotten.map(({ image }) => textOf(image)))
    expect(other).toEqual(text)
    expect(text?.config).toEqual({ Cmd: ['/app'], Labels: { Image: 'stays' } })
    expect(Object.keys(text ?? {})).toEqual(['architecture', 'config', 'created', 'history', 'os', 'rootfs', 'x-mine'])
    const plain = await retimed(app, { to: LATE, forgetBuilder: true })
    expect([plain.image, plain.retimed.builder]).toEqual([app, false])
  })

  test('has layers of any compression', async () => {
    const [, second] = app.layers
    if (second === undefined) throw new Error('three layers')
    const tar = await tarOf(second)
    const { image } = await retimed(
      { ...app, layers: [...app.layers.slice(0, 1), gzipped(second, tar), ...app.layers.slice(2)] },
      {},
    )
    expect(await diffIDs(image)).toEqual(await diffIDs(made(CREATED, '2023-11-08T00:00:00Z')))
  })
})

function gzipped(layer: Layer, tar: Uint8Array): Layer {
  const stored = layerOfBytes(layer.index, gzipSync(tar))
  return { ...stored, claims: layer.claims, tar: (run) => layer.tar(run) }
}

describe('other times are refused', () => {
  test.each(['1969-12-31T23:59:59Z', '2242-03-16T12:56:32Z', '2020-01-01T00:00:00.5Z', 'tomorrow'])(
    'where no header holds the one that is named: %s',
    async (to) => {
      await expect(retimed(app, { to })).rejects.toMatchObject({ code: 'ERR_USAGE', location: ARCHIVE })
    },
  )

  test('for layers that are not there', async () => {
    await expect(retimed(app, { from: 3 })).rejects.toMatchObject({
      code: 'ERR_USAGE',
      hint: 'the image has 0 (base) to 2',
    })
    const gone = new ArchiveError('ERR_NOT_FOUND', 'it is not there')
    const [first] = app.layers
    const lost = {
      ...app,
      layers: [...app.layers.slice(0, 2), { ...missingLayer(2, gone), claims: first?.claims ?? {} }],
    }
    await expect(retimed(lost, {})).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('for layers that are damaged, or no whole tars', async () => {
    const [first, second, third] = app.layers
    if (first === undefined || second === undefined || third === undefined) throw new Error('three layers')
    const tar = await tarOf(second)
    const flipped = tar.map((byte, at) => (at === 600 ? byte ^ 1 : byte))
    const damaged = { ...layerOfBytes(1, flipped), claims: second.claims }
    await expect(retimed({ ...app, layers: [first, damaged, third] }, {})).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    const cut = layerTar([file('x', { content: 'x'.repeat(3000) })]).subarray(0, 1500)
    await expect(retimed({ ...app, layers: [first, layerOfBytes(1, cut), third] }, {})).rejects.toMatchObject({
      code: 'ERR_TAR_HEADER',
      offset: 1500,
      location: `${ARCHIVE} › layer-1.tar`,
    })
  })
})
