import { expect, test } from 'vitest'
import type { Image, Layer } from '../../src/model/image.js'
import { asDiffID } from '../../src/bytes/digest.js'
import { providedBy } from '../../src/ops/base-chain.js'
import { missingLayer } from '../../src/formats/layers.js'

const layersOf = (chain: string): Layer[] =>
  Array.from(chain, (letter, index) => {
    const diffID = asDiffID(`sha256:${letter.repeat(64)}`)
    return missingLayer(index, letter, { ...(diffID && { diffID }) }, 'app.tar')
  })

const imageOf = (chain: string): Image => ({
  names: [],
  platform: { os: 'linux', architecture: 'amd64' },
  config: {},
  configSource: { kind: 'absent', path: 'config.json' },
  manifest: undefined,
  layers: layersOf(chain),
  attachments: [],
  path: 'manifest.json',
})

const provided = (chain: string, ...bases: string[]): string =>
  providedBy(bases.map(imageOf))(imageOf(chain))
    .map(({ path }) => path)
    .join('')

test('the base that goes along furthest provides, and only from the bottom', () => {
  expect(provided('abcd', 'a', 'abc', 'abd')).toBe('abc')
  expect(provided('abcd', 'bcd')).toBe('')
  expect(provided('ab', 'abcd')).toBe('ab')
  expect(provided('abcd')).toBe('')
})

test('a layer of which nothing is claimed is provided by nobody, nor what is above it', () => {
  expect(provided('a-b', 'a-b')).toBe('a')
})

test('bases are gone through once, however many images are held against them', () => {
  let looks = 0
  const base: Image = {
    ...imageOf('a'),
    get layers() {
      looks += 1
      return layersOf('ab')
    },
  }
  const held = providedBy([base])
  for (const chain of ['a', 'ab', 'abc']) held(imageOf(chain))
  expect(looks).toBe(1)
})
