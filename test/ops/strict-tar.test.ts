import { expect, test } from 'vitest'
import { bytesSource, chunksOf } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { measureBlob } from '../../src/tree/measure.js'
import { file, layerTar } from '../support/layers.js'

// Without its end marker: an oddity that has a code of its own.
const bytes = layerTar([file('a', { content: 'abc' })]).subarray(0, 1024)

async function ambiguous(strictTar: boolean) {
  const settings = { limits: DEFAULT_LIMITS, location: 'layer.tar', layer: 'yes', strictTar } as const
  const { notices } = await measureBlob(chunksOf(bytesSource(bytes, 'layer.tar')), settings)
  return notices.filter(({ code }) => code === 'ENTRY_AMBIGUOUS')
}

test('strictly, what tar readers differ on is told even where another code tells it, with who reads it how', async () => {
  expect(await ambiguous(false)).toEqual([])
  const message = 'the tar has no end marker: most take it for an end, some for a cut'
  // It is about no entry, and names none.
  expect(await ambiguous(true)).toEqual([{ code: 'ENTRY_AMBIGUOUS', message, layerOffset: 1024 }])
})
