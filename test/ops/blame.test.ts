import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import type { Image } from '../../src/model/image.js'
import { blame } from '../../src/ops/blame.js'
import { sha256 } from '../support/chunks.js'
import { directory, file, imageOf, layersOf, symlink, type LayerEntry } from '../support/layers.js'

const context = runContext()
const changesOf = async (image: Image, path: string) =>
  (await blame(image, 'a.tar', path, context)).versions.map(({ layer, change }) => `${layer} ${change}`)
const image = (...layers: readonly (readonly LayerEntry[])[]) => imageOf(layersOf(...layers))

test('tells every layer that changed the path and leaves out those that did not', async () => {
  const stack = image(
    [file('a', { content: 'one' })],
    [file('b', { content: 'other' })],
    [file('a', { content: 'two' })],
    [file('a', { content: 'two', mode: 0o600 })],
    [file('a', { content: 'two', mode: 0o600 })],
    [file('.wh.a')],
    [symlink('a', 'b')],
  )
  expect(await changesOf(stack, '/a')).toEqual([
    '0 added',
    '2 replaced',
    '3 metadata',
    '4 rewritten',
    '5 deleted',
    '6 added',
  ])
})

test('shows what the path was from then on, with its hash', async () => {
  const { versions } = await blame(image([file('a', { content: 'one', uid: 7 })]), 'a.tar', 'a', context)
  expect(versions[0]?.entry).toEqual({
    path: '/a',
    type: 'file',
    mode: 0o644,
    uid: 7,
    gid: 0,
    size: 3,
    mtime: '1700000000',
    sha256: sha256(new TextEncoder().encode('one')),
  })
})

test('follows links on the way as they stood at each layer', async () => {
  const stack = image(
    [directory('usr/bin'), file('usr/bin/x', { content: '1' }), symlink('bin', 'usr/bin')],
    [file('usr/bin/x', { content: '2' })],
  )
  expect(await changesOf(stack, '/bin/x')).toEqual(['0 added', '1 replaced'])
})

test('a deleted directory deletes what is in it', async () => {
  expect(await changesOf(image([file('d/a', { content: '1' })], [file('.wh.d')]), '/d/a')).toEqual([
    '0 added',
    '1 deleted',
  ])
})

test('names the step of the history', async () => {
  const stack = image([file('a')], [file('a', { content: '1' })])
  const history = [{ created_by: 'ADD' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'RUN' }]
  const { versions } = await blame({ ...stack, config: { history } }, 'a.tar', 'a', context)
  expect(versions.map(({ createdBy }) => createdBy)).toEqual(['ADD', 'RUN'])
})

test('a path that no layer ever had is not found', async () => {
  await expect(blame(image([file('a')]), 'a.tar', '/b', context)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})
