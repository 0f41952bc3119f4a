import { expect, test } from 'vitest'
import { DOCKER_TABLE, ellipsis, table } from '../../src/report/table.js'

test('columns are at least 10 wide and 3 apart, as those of docker', () => {
  const rows = [
    ['REPOSITORY', 'TAG', 'SIZE'],
    ['a', 'a-long-tag-name', '1B'],
  ]
  expect(table(rows, DOCKER_TABLE)).toEqual([
    'REPOSITORY   TAG               SIZE',
    'a            a-long-tag-name   1B',
  ])
  expect(table([['A', 'B']], DOCKER_TABLE)).toEqual(['A         B'])
})

test('an empty last column leaves the blanks before it, as docker does', () => {
  expect(table([['0B', '']], DOCKER_TABLE)).toEqual(['0B        '])
})

test('columns to the right are padded in front', () => {
  const rows = [
    ['-', '7', 'a'],
    ['-', '1234', 'b'],
  ]
  expect(table(rows, { least: 0, gap: 1, right: new Set([1]) })).toEqual(['-    7 a', '- 1234 b'])
})

test('wide characters count twice', () => {
  expect(
    table(
      [
        ['日本', 'x'],
        ['abcdefghijkl', 'y'],
      ],
      DOCKER_TABLE,
    ),
  ).toEqual(['日本           x', 'abcdefghijkl   y'])
})

test('a long text is cut to its columns, the ellipsis included', () => {
  expect(ellipsis('0123456789', 10)).toBe('0123456789')
  expect(ellipsis('01234567890', 10)).toBe('012345678…')
  expect(ellipsis('日本日本日本', 10)).toBe('日本日本…')
})
