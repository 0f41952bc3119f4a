import { expect, test } from 'vitest'
import { coloured, nowFrom } from '../../src/cli/surroundings.js'

test.each([
  ['auto', true, {}, true],
  ['auto', false, {}, false],
  ['auto', true, { TERM: 'dumb' }, false],
  ['auto', true, { NO_COLOR: '1' }, false],
  ['auto', true, { NO_COLOR: '' }, true],
  ['auto', false, { FORCE_COLOR: '1' }, true],
  ['auto', true, { FORCE_COLOR: '0' }, false],
  ['auto', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ['always', false, { NO_COLOR: '1' }, true],
  ['never', true, { FORCE_COLOR: '1' }, false],
] as const)('colour %s on a terminal (%s) with %j is %s', (mode, terminal, environment, expected) => {
  expect(coloured(mode, terminal, environment)).toBe(expected)
})

test('ages count from SOURCE_DATE_EPOCH where it is a time, else from now', () => {
  expect(nowFrom({ SOURCE_DATE_EPOCH: '1700000000' })).toEqual(new Date('2023-11-14T22:13:20Z'))
  for (const SOURCE_DATE_EPOCH of ['', 'soon', '-1']) {
    expect(Math.abs(nowFrom({ SOURCE_DATE_EPOCH }).getTime() - Date.now())).toBeLessThan(60_000)
  }
})
