import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { findingLog } from '../../src/model/finding-log.js'
import { storedFiles } from '../../src/ops/stored-files.js'
import {
  directory,
  file,
  hardlink,
  imageOf,
  layerOfBytes,
  layersOf,
  layerTar,
  type LayerEntry,
} from '../support/layers.js'

const context = runContext()
const storedIn = (hashed: boolean, ...layers: readonly (readonly LayerEntry[])[]) =>
  storedFiles(imageOf(layersOf(...layers)), findingLog('a.tar'), context, { hashed })
const told = async (hashed: boolean, ...layers: readonly (readonly LayerEntry[])[]) =>
  Array.from(await storedIn(hashed, ...layers), ({ path, layer, size, fate, hiddenBy }) => {
    return `${layer} ${path} ${size} ${fate} ${hiddenBy ?? '-'}`
  })

// A time of its own in a PAX header: such an entry is not plain, and is heard of in another way.
const odd = { mtimeNs: 5n }

describe.each([true, false])('stored files, hashed: %s', (hashed) => {
  test('come by layer and in the order of the tar, whatever headers say of them', async () => {
    const rows = await told(
      hashed,
      [
        directory('d'),
        file('d/b', { content: 'b' }),
        file('d/a', { content: 'aa', ...odd }),
        file('./c', { content: 'c' }),
      ],
      [file('d/../e', { content: 'eee' }), file('empty'), hardlink('f', 'e'), file('/d/a', { content: 'AA' })],
    )
    expect(rows).toEqual([
      '0 d/b 1 visible -',
      '0 d/a 2 replaced 1',
      '0 c 1 visible -',
      '1 e 3 visible -',
      '1 d/a 2 visible -',
    ])
  })

  test('are hidden by the first layer that does so, however many follow', async () => {
    const names = Array.from({ length: 1500 }, (_, at) => file(`d/${at}`, { content: 'x'.repeat(1 + (at % 7)) }))
    const rows = await told(
      hashed,
      names,
      [file('other', { content: 'o' })],
      [file('.wh.d')],
      [file('d', { content: 'y' })],
    )
    expect(rows.slice(0, 1500)).toEqual(names.map((_, at) => `0 d/${at} ${1 + (at % 7)} deleted 2`))
    expect(rows.slice(1500)).toEqual(['1 other 1 visible -', '3 d 1 visible -'])
  })

  test('can be gone through again', async () => {
    const files = await storedIn(hashed, [file('a', { content: 'a' })], [file('.wh.a')])
    expect([...files]).toEqual([{ path: 'a', layer: 0, size: 1, fate: 'deleted', hiddenBy: 1 }])
    expect([...files]).toEqual([...files])
  })
})

describe('what a layer stores again', () => {
  const layers = [
    [file('plain', { content: 'same' }), file('odd', { content: 'same', ...odd }), file('new', { content: 'some' })],
    [file('plain', { content: 'same', ...odd }), file('odd', { content: 'same' }), file('new', { content: 'same' })],
  ]
  const fates = async (hashed: boolean) => (await told(hashed, ...layers)).slice(0, 3)

  test('is told from what it replaces where contents were hashed, and only there', async () => {
    expect(await fates(true)).toEqual(['0 plain 4 rewritten 1', '0 odd 4 rewritten 1', '0 new 4 replaced 1'])
    expect(await fates(false)).toEqual(['0 plain 4 replaced 1', '0 odd 4 replaced 1', '0 new 4 replaced 1'])
  })
})

test('what lies in thousands of layers is told without a walk over all below each', { timeout: 30_000 }, async () => {
  const bytes = layerTar([file('a', { content: 'a' })])
  const layers = Array.from({ length: 12_000 }, (_, index) => layerOfBytes(index, bytes))
  const files = await storedFiles(imageOf(layers), findingLog('a.tar'), context, { hashed: false })
  const hiders = Array.from(files, ({ hiddenBy }) => hiddenBy)
  expect(hiders).toEqual([...layers.slice(1).map(({ index }) => index), undefined])
})
