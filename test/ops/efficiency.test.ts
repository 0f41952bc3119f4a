import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { buried } from '../../src/ops/buried.js'
import { efficiency, efficiencyRules } from '../../src/ops/efficiency.js'
import { directory, file, hardlink, imageOf, layersOf, symlink, type LayerEntry } from '../support/layers.js'

const context = runContext()
const sumsOf = (...layers: readonly (readonly LayerEntry[])[]) =>
  efficiency(imageOf(layersOf(...layers)), 'a.tar', context)
const copiesOf = async (...layers: readonly (readonly LayerEntry[])[]) =>
  (await sumsOf(...layers)).paths.map(({ path, copies }) => [
    path,
    ...copies.map(({ layer, size, fate, hiddenBy }) => `${layer} ${size} ${fate} ${hiddenBy ?? '-'}`),
  ])

describe('waste', () => {
  test('an image of one layer wastes nothing, one without files neither', async () => {
    const one = await sumsOf([file('a', { content: 'abc' })])
    expect(one).toMatchObject({ storedBytes: 3, wastedBytes: 0, userBytes: 0, efficiency: 1, userWastedPercent: 0 })
    expect(await sumsOf([directory('d')])).toMatchObject({ storedBytes: 0, efficiency: 1, userWastedPercent: 0 })
  })

  test('the copy that is still shown is no waste, those below it are', async () => {
    const sums = await sumsOf(
      [file('a', { content: 'one' })],
      [file('a', { content: 'second' })],
      [file('a', { content: 'third' })],
    )
    expect(sums).toMatchObject({ storedBytes: 14, wastedBytes: 9, userBytes: 11, efficiency: 5 / 14 })
    expect(sums.userWastedPercent).toBe(9 / 11)
    expect(sums.layers.map(({ storedBytes, wastedBytes }) => [storedBytes, wastedBytes])).toEqual([
      [3, 3],
      [6, 6],
      [5, 0],
    ])
  })

  test('tells what was stored again from what was replaced and what was deleted, and by which layer', async () => {
    const copies = await copiesOf(
      [file('same', { content: 'abc' }), file('new', { content: 'abcd' }), file('gone', { content: 'abcde' })],
      [file('same', { content: 'abc', mode: 0o600 }), file('new', { content: 'ABCD' })],
      [file('.wh.gone')],
    )
    expect(copies).toEqual([
      ['/gone', '0 5 deleted 2'],
      ['/new', '0 4 replaced 1'],
      ['/same', '0 3 rewritten 1'],
    ])
  })

  test('a directory that is deleted or made opaque hides all that is in it', async () => {
    const copies = await copiesOf(
      [file('d/a', { content: 'a' }), file('d/e/b', { content: 'b' }), file('o/c', { content: 'c' })],
      [file('.wh.d'), file('o/.wh..wh..opq'), file('o/c', { content: 'c' })],
    )
    expect(copies).toEqual([
      ['/d/a', '0 1 deleted 1'],
      ['/d/e/b', '0 1 deleted 1'],
      ['/o/c', '0 1 rewritten 1'],
    ])
  })

  test('a content is shown as long as one of its names is', async () => {
    const copies = await copiesOf([file('a', { content: 'abc' }), hardlink('b', 'a')], [file('.wh.a')])
    expect(copies).toEqual([])
  })

  test('a file that is replaced through a link to its directory is replaced', async () => {
    const copies = await copiesOf(
      [directory('usr'), directory('usr/bin'), symlink('bin', 'usr/bin'), file('usr/bin/x', { content: 'old' })],
      [file('bin/x', { content: 'newer' })],
    )
    expect(copies).toEqual([['/usr/bin/x', '0 3 replaced 1']])
  })

  test('of two entries with one name in a layer the first is waste of that layer', async () => {
    const copies = await copiesOf([file('a', { content: 'abc' }), file('a', { content: 'de' })])
    expect(copies).toEqual([['/a', '0 3 replaced 0']])
  })

  test('a whiteout with content is waste that no layer hid', async () => {
    expect(await copiesOf([file('d/.wh.a', { content: 'abc' })])).toEqual([['/d/.wh.a', '0 3 ignored -']])
  })

  test('a file that comes, goes and comes again is wasted once', async () => {
    const copies = await copiesOf([file('a', { content: 'abc' })], [file('.wh.a')], [file('a', { content: 'abc' })])
    expect(copies).toEqual([['/a', '0 3 deleted 1']])
  })
})

describe("dive's rules", () => {
  const sums = { efficiency: 0.9, wastedBytes: 100, userWastedPercent: 0.1 }
  const full = { ...sums, storedBytes: 1000, userBytes: 1000, layers: [], paths: [] }

  test('a bound that is met exactly is kept', () => {
    const rules = { lowestEfficiency: 0.9, highestWastedBytes: 100, highestUserWastedPercent: 0.1 }
    expect(efficiencyRules(full, rules).map(({ rule, ok }) => [rule, ok])).toEqual([
      ['lowestEfficiency', true],
      ['highestWastedBytes', true],
      ['highestUserWastedPercent', true],
    ])
  })

  test('each is broken on its own side, and only those that are asked for are told', () => {
    expect(efficiencyRules(full, { lowestEfficiency: 0.91 })).toEqual([
      { rule: 'lowestEfficiency', limit: 0.91, value: 0.9, ok: false },
    ])
    expect(efficiencyRules(full, { highestWastedBytes: 99 })[0]?.ok).toBe(false)
    expect(efficiencyRules(full, { highestUserWastedPercent: 0.09 })[0]?.ok).toBe(false)
    expect(efficiencyRules(full, {})).toEqual([])
  })
})

describe('buried files', () => {
  const image = imageOf(
    layersOf(
      [file('key', { content: 'secret' }), file('conf', { content: 'old' }), file('same', { content: 'x' })],
      [file('.wh.key'), file('conf', { content: 'new' }), file('same', { content: 'x' })],
    ),
  )

  test('are those that a layer deleted, with where they lie and who deleted them', async () => {
    const { files, bytes } = await buried(image, { archive: 'a.tar' }, context)
    expect(bytes).toBe(6)
    expect(files).toEqual([
      { path: '/key', size: 6, fate: 'deleted', layer: 0, createdBy: null, hiddenBy: 1, hiddenByStep: null },
    ])
  })

  test('and on request what was replaced by something else', async () => {
    const { files } = await buried(image, { archive: 'a.tar', replaced: true }, context)
    expect(files.map(({ path, fate }) => [path, fate])).toEqual([
      ['/conf', 'replaced'],
      ['/key', 'deleted'],
    ])
  })
})
