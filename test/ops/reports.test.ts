import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import type { ImageArchive } from '../../src/model/image.js'
import { selectImage, selectImages } from '../../src/model/select.js'
import { history } from '../../src/ops/history.js'
import { listImages } from '../../src/ops/images.js'
import { inspect } from '../../src/ops/inspect.js'
import { configOf, digest, dockerSave, dockerV1, layer, packed, PLAIN, type ImageFixture } from '../support/archives.js'
import { testFolder } from '../support/folder.js'

const CREATED = '2023-11-07T00:00:00Z'
const STEPPED: ImageFixture = {
  names: ['reg.example:5000/x/y:v1', 'y:latest'],
  layers: [layer('a', '12345'), layer('b', '123')],
  config: {
    history: [
      { created: CREATED, created_by: 'ADD a' },
      { created: CREATED, created_by: 'CMD', empty_layer: true, comment: 'nothing' },
      { created: CREATED, created_by: 'ADD b' },
    ],
  },
}
const UNTAGGED: ImageFixture = { names: [], layers: [layer('c')] }
const context = runContext()
const at = testFolder({
  'saved.tar': packed(dockerSave(PLAIN, STEPPED, UNTAGGED)),
  'v1.tar': packed(dockerV1(PLAIN)),
})

async function using<T>(name: string, work: (archive: ImageArchive) => Promise<T>): Promise<T> {
  await using archive = await openArchive(at(name), context)
  return await work(archive)
}

describe('images', () => {
  test('has a row for each name, and one for an image without', async () => {
    const rows = await using('saved.tar', ({ images }) => listImages(images, 'saved.tar', context))
    expect(rows.map(({ repository, tag, size }) => [repository, tag, size])).toEqual([
      ['app', '1', 8],
      ['reg.example:5000/x/y', 'v1', 8],
      ['y', 'latest', 8],
      [null, null, 1],
    ])
    expect(rows[0]).toMatchObject({
      archive: 'saved.tar',
      imageID: digest(configOf(PLAIN)),
      platform: 'linux/amd64',
      created: CREATED,
    })
  })

  test('has a row for a name with a digest where its repository has no tag for the image, as docker', async () => {
    const own = `sha256:${'a'.repeat(64)}`
    const names = ['app:1', `app@${own}`, `else@${own}`, '1']
    const rows = await using('saved.tar', ({ images: [image] }) => {
      if (image === undefined) throw new Error('there is no image')
      return listImages([{ ...image, names }], 'saved.tar', context)
    })
    expect(rows.map(({ repository, tag }) => [repository, tag])).toEqual([
      ['app', '1'],
      ['else', null],
      [null, '1'],
    ])
  })

  test('measures what has no ID otherwise', async () => {
    const [row] = await using('v1.tar', ({ images }) => listImages(images, 'v1.tar', context))
    expect(row?.imageID).toMatch(/^sha256:[a-f0-9]{64}$/)
  })
})

describe('history', () => {
  test('is newest first, with the layer and size of each step', async () => {
    const { imageID, history: steps } = await using('saved.tar', ({ images: [, image] }) => {
      if (image === undefined) throw new Error('there is no second image')
      return history(image, context)
    })
    expect(imageID).toBe(digest(configOf(STEPPED)))
    expect(steps.map(({ createdBy, size, layer: at, emptyLayer }) => [createdBy, size, at, emptyLayer])).toEqual([
      ['ADD b', 3, 1, false],
      ['CMD', 0, null, true],
      ['ADD a', 5, 0, false],
    ])
    expect(steps[1]).toMatchObject({ comment: 'nothing', diffID: null })
  })
})

describe('inspect', () => {
  test('says of each claim what it was checked against', async () => {
    const { images } = await using('saved.tar', (archive) => inspect(archive, { measure: true }, context))
    expect(images[0]?.checked[0]).toContain('imageID: sha256 of the')
    expect(images[0]?.layers[1]?.checked).toContain('diffID from config.rootfs.diff_ids[1]: measured, agrees')
    expect(images[0]?.config).toMatchObject({ config: { Cmd: ['/app'] } })
  })

  test('says that nothing was measured where nothing was asked', async () => {
    const { images } = await using('saved.tar', (archive) => inspect(archive, {}, context))
    expect(images[0]?.layers[0]?.checked).toContain('diffID from config.rootfs.diff_ids[0]: not measured')
    expect(images[0]?.layers[0]?.diffID).toBe(digest(PLAIN.layers[0] ?? new Uint8Array(0)))
  })

  test('shows the config that docker would make of a v1 image', async () => {
    const { images } = await using('v1.tar', (archive) => inspect(archive, {}, context))
    expect(images[0]?.config).toMatchObject({ rootfs: { type: 'layers', diff_ids: PLAIN.layers.map(digest) } })
  })
})

describe('a selection', () => {
  const ids = (archive: ImageArchive, name: string) => selectImages(archive, { name }).map(({ names }) => names[0])

  test('is by name, in any of its forms', async () => {
    await using('saved.tar', (archive) => {
      for (const name of ['app:1', 'docker.io/library/app:1', 'library/app:1'])
        expect(ids(archive, name)).toEqual(['app:1'])
      expect(ids(archive, 'y')).toEqual(['reg.example:5000/x/y:v1'])
      return Promise.resolve()
    })
  })

  test('is by ID, short or whole', async () => {
    const id = digest(configOf(PLAIN))
    await using('saved.tar', (archive) => {
      for (const name of [id, id.slice(7), id.slice(7, 19)]) expect(ids(archive, name)).toEqual(['app:1'])
      return Promise.resolve()
    })
  })

  test('is by place, and by platform', async () => {
    await using('saved.tar', (archive) => {
      expect(selectImage(archive, { index: 2 }).names).toEqual([])
      expect(selectImages(archive, { platform: { os: 'linux', architecture: 'amd64' } })).toHaveLength(3)
      return Promise.resolve()
    })
  })

  test.each([
    [{ name: 'gone:1' }, 'ERR_NOT_FOUND'],
    [{ index: 9 }, 'ERR_NOT_FOUND'],
    [{ platform: { os: 'linux', architecture: 's390x' } }, 'ERR_NOT_FOUND'],
    [{}, 'ERR_REFERENCE'],
  ])('of %j is refused, and told what there is', async (selection, code) => {
    await using('saved.tar', (archive) => {
      expect(() => selectImage(archive, selection)).toThrow(
        expect.objectContaining({ code, hint: expect.stringContaining('app:1') as string }),
      )
      return Promise.resolve()
    })
  })
})
