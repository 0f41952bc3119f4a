import { expect, test } from 'vitest'
import type { Retimed, StrippedName, WrittenReport } from '../../../src/model/report-written.js'
import { writtenText } from '../../../src/report/human/written.js'
import { PLAIN_STYLE } from '../../support/verdicts.js'

const report = {
  schema: 'imgtar/retime/v1',
  tool: { name: 'imgtar', version: '1.2.3' },
  ok: true,
  output: { path: 'out.tar', format: 'docker-archive', layout: 'universal', size: 1024, written: true },
  images: [],
  findings: [],
} as const satisfies WrittenReport
const lines = (more: Partial<WrittenReport>) => [...writtenText({ ...report, ...more }, PLAIN_STYLE)].slice(1)
const to = '2020-01-01T00:00:00Z'
const later = (more: Partial<Retimed>) =>
  lines({ retimed: { to, which: 'later', layers: [], config: false, builder: false, ...more } })

test('an image with other times says in which layers they changed', () => {
  const layers = [
    { layer: 0, entries: 1 },
    { layer: 3, entries: 20 },
  ]
  expect(later({ layers, config: true, builder: true })).toEqual([
    `  layer 0: 1 name with times after ${to}`,
    `  layer 3: 20 names with times after ${to}`,
    `  config or history with times after ${to}`,
    '  config without what its builder said of itself',
  ])
})

test('an image in which no time changed says so', () => {
  expect(later({})).toEqual([`  no times after ${to}: the image is as it was`])
  expect(later({ which: 'all' })).toEqual([`  no other times than ${to}: the image is as it was`])
  expect(later({ builder: true })).toEqual([
    `  no times after ${to}`,
    '  config without what its builder said of itself',
  ])
})

test('of very many layers or names the first are shown', () => {
  const layers = Array.from({ length: 22 }, (_, layer) => ({ layer, entries: 1 }))
  expect(later({ layers }).slice(19)).toEqual([
    `  layer 19: 1 name with times after ${to}`,
    '  … and 2 layers more; --json lists them all',
  ])
  const stripped = Array.from({ length: 21 }, (_, at): StrippedName => ({
    layer: 0,
    path: `/${at}`,
    names: 1,
    bytes: 2,
  }))
  expect(lines({ stripped }).slice(19)).toEqual([
    '  layer 0: /19, 1 name, 2 B',
    '  … and 1 more; --json lists them all',
  ])
})
