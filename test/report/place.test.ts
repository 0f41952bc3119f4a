import { expect, test } from 'vitest'
import { placeInWords } from '../../src/report/place.js'

test('a place is told from the member inwards', () => {
  const where = { archive: 'app.tar', path: 'a/layer.tar', offset: 512, layer: 1, entry: 'etc/os', layerOffset: 1024 }
  expect(placeInWords(where)).toBe('a/layer.tar, byte 512, layer 1, entry etc/os, byte 1024 of the layer')
})

test('names are shown as the caller has them', () => {
  expect(placeInWords({ path: 'a', entry: 'b' }, (name) => `<${name}>`)).toBe('<a>, entry <b>')
})

test('what has no name is not told', () => {
  expect(placeInWords({ path: '', entry: '', layerOffset: 1024 })).toBe('byte 1024 of the layer')
})
