import { expect, test } from 'vitest'
import { bytesSource, type ByteSource } from '../../src/bytes/source.js'
import { runContext } from '../../src/context.js'
import { storedLayer } from '../../src/formats/layers.js'
import { UNMEASURED } from '../../src/ops/measure.js'
import { sizesOf } from '../../src/ops/sizes.js'
import { sniffLayers } from '../../src/ops/sniff.js'
import { layer } from '../support/archives.js'

let reads = 0
const bytes = bytesSource(layer('a', 'twelve bytes'), 'layer.tar')
const blob: ByteSource = {
  ...bytes,
  read: (span, signal) => {
    reads += 1
    return bytes.read(span, signal)
  },
}
const layers = (count: number) =>
  Array.from({ length: count }, (_, index) => storedLayer(index, { source: blob, path: 'layer.tar' }, {}))

async function readsFor(work: () => Promise<unknown>): Promise<number> {
  reads = 0
  await work()
  return reads
}

test('layers with the same bytes are looked at once, and all known by that', async () => {
  const many = layers(100)
  expect(await readsFor(() => sniffLayers(many, UNMEASURED))).toBe(1)
  const sniffed = await sniffLayers(many, UNMEASURED)
  expect(many.map((one) => sniffed.get(one))).toEqual(many.map(() => 'none'))
})

test('layers with the same bytes are indexed once, and all have their size', async () => {
  const few = await readsFor(() => sizesOf(layers(1), UNMEASURED, runContext()))
  expect(await readsFor(() => sizesOf(layers(100), UNMEASURED, runContext()))).toBe(few)
  const sizes = await sizesOf(layers(3), UNMEASURED, runContext())
  expect([...sizes.values()]).toEqual([12, 12, 12])
})
