import { describe, expect, test } from 'vitest'
import type { Image } from '../../src/model/image.js'
import { retag } from '../../src/ops/retag.js'

const image = (...names: string[]): Image => ({
  names,
  platform: { os: 'linux', architecture: 'amd64' },
  config: {},
  configSource: { kind: 'absent', path: 'config' },
  manifest: undefined,
  layers: [],
  attachments: [],
  path: 'manifest.json',
})

const web = image('web:1', 'web:latest')
const app = image('app:1')
const named = (changes: Partial<Parameters<typeof retag>[2]>, chosen: readonly Image[] = [web]) =>
  retag([web, app], new Set(chosen), { add: [], drop: [], only: false, ...changes }).map(({ names }) => names)

describe('a name', () => {
  test('is added, familiar and with a tag', () => {
    expect(named({ add: ['docker.io/library/x', 'reg:5000/y:2'] })[0]).toEqual([
      'web:1',
      'web:latest',
      'x:latest',
      'reg:5000/y:2',
    ])
  })

  test('is taken from the image that had it', () => {
    expect(named({ add: ['app:1'] })).toEqual([['web:1', 'web:latest', 'app:1'], []])
  })

  test('is the only one where that is asked for', () => {
    expect(named({ add: ['new:1'], only: true })).toEqual([['new:1'], ['app:1']])
    expect(named({ only: true })).toEqual([[], ['app:1']])
  })

  test('is dropped, whoever has it', () => {
    expect(named({ drop: ['app:1', 'web'] }, [])).toEqual([['web:1'], []])
  })

  test.each(['Upper', 'a b', 'x@sha256:00', ''])('cannot be %j', (name) => {
    expect(() => named({ add: [name] })).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE' }))
  })

  test('that nobody has cannot be dropped', () => {
    expect(() => named({ drop: ['none:1'] })).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
  })
})
