import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { nativeInflate, type RawInflate } from '../../src/bytes/inflate.js'
import { pakoInflate } from '../../src/bytes/inflate-pako.js'
import { concatenated } from '../support/chunks.js'
import { SEQ_60 } from '../support/compressed.js'

const deflated = new Uint8Array(deflateRawSync(SEQ_60))

function native(): RawInflate {
  const inflate = nativeInflate()
  if (inflate === undefined) throw new Error('node:zlib has lost its synchronous internals')
  return inflate
}

test.each([
  ['zlib, whose internals this Node still has', native],
  ['pako', pakoInflate],
])('%s: says how much it used and that the stream ended, and starts anew', (_, open) => {
  const inflate = open()
  for (let round = 0; round < 2; round++) {
    const step = inflate.step(concatenated(deflated, Uint8Array.of(1, 2, 3)))
    expect({ ...step, output: step.output.slice() }).toEqual({
      consumed: deflated.length,
      output: SEQ_60,
      state: 'end',
    })
    inflate.reset()
  }
  inflate.close()
})

test.each([
  ['zlib', native],
  ['pako', pakoInflate],
])('%s: an end at the end of the input is seen with the next byte', (_, open) => {
  const inflate = open()
  const first = inflate.step(deflated)
  expect(first.consumed).toBe(deflated.length)
  expect(first.output).toEqual(SEQ_60)
  if (first.state !== 'end') expect(inflate.step(Uint8Array.of(9))).toMatchObject({ consumed: 0, state: 'end' })
  inflate.close()
})

test.each([
  ['zlib', native],
  ['pako', pakoInflate],
])('%s: recovers from damage by a reset', (_, open) => {
  const inflate = open()
  expect(inflate.step(Uint8Array.of(0x07, 0, 0)).state).toBe('broken')
  inflate.reset()
  expect(inflate.step(concatenated(deflated, Uint8Array.of(0))).state).toBe('end')
  inflate.close()
})
