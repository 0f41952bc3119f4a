import { expect, test } from 'vitest'
import { layerSketcher } from '../../../src/ops/diff/layer-sketch.js'
import { collectChanges } from '../../../src/tree/changes.js'
import { entryOfPlain } from '../../../src/tree/plain-members.js'
import { DEFAULT_LIMITS } from '../../../src/context.js'
import { latin1Bytes } from '../../../src/tar/path.js'
import { emptyMember } from '../../../src/tar/plain-header.js'

function named(name: string) {
  return { ...emptyMember(), nameIn: latin1Bytes(name), nameEnd: name.length }
}

test('paths alone give the sample that entries give, however many there are', () => {
  const names = Array.from({ length: 5000 }, (_, at) => (at % 7 === 0 ? `./top-${at}` : `usr/${at % 13}/name-${at}`))
  const [byPlaces, byEntries] = [layerSketcher({ withRows: false }), layerSketcher({ withRows: true })]
  const { addPlain } = collectChanges(0, { tell: () => undefined, close: () => undefined }, DEFAULT_LIMITS)
  for (const name of names) {
    byEntries.add(entryOfPlain(named(name)), undefined)
    const place = addPlain(named(name))
    if (place !== undefined) byPlaces.addPlace(place)
  }
  const { sample, rows } = byPlaces.sketch()
  expect(sample).toEqual(byEntries.sketch().sample)
  expect([sample.length, rows]).toEqual([256, undefined])
  expect([...sample].sort((a, b) => a - b)).toEqual(sample)
})
