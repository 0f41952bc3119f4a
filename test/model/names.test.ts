import { expect, test } from 'vitest'
import { groupedByName } from '../../src/model/names.js'

test('things are found by each of their names, in their order, once', () => {
  const [one, two] = [{ names: ['a', 'b', 'a'] }, { names: ['b'] }]
  const groups = groupedByName([one, two, { names: [] }], ({ names }) => names)
  expect([...groups]).toEqual([
    ['a', [one]],
    ['b', [one, two]],
  ])
})
