import { expect, test } from 'vitest'
import { digestOf } from '../../../src/bytes/digest.js'
import { addImage, emptyLoading, giveName } from '../../../src/ops/engines/prediction.js'

test('a name belongs to the image that claimed it last, which has it last', () => {
  const loading = emptyLoading()
  const [one, two] = [addImage(loading, digestOf(Uint8Array.of(1))), addImage(loading, digestOf(Uint8Array.of(2)))]
  for (const name of ['a:1', 'b:1', 'a:1']) giveName(loading, one, name)
  giveName(loading, two, 'a:1')
  expect([[...one.names], [...two.names]]).toEqual([['b:1'], ['a:1']])
})

test('names by the hundred thousand are handed out without a walk over all others', { timeout: 5000 }, () => {
  const loading = emptyLoading()
  const images = [0, 1].map((at) => addImage(loading, digestOf(Uint8Array.of(at))))
  for (const image of images) for (let at = 0; at < 200_000; at++) giveName(loading, image, `name:${at}`)
  expect(images.map(({ names }) => names.size)).toEqual([0, 200_000])
})
