import { expect, test } from 'vitest'
import { concatenated } from '../support/chunks.js'
import { outcomeOf, SAMPLES, SEQ_60 } from '../support/compressed.js'

test('streams may be padded with NULs by fours (format 1.0.4, 2.2)', async () => {
  const { bytes, notices, error } = await outcomeOf('xz', concatenated(SAMPLES.xz, new Uint8Array(8), SAMPLES.xz))
  expect({ notices, error }).toEqual({ notices: [], error: undefined })
  expect(bytes).toEqual(concatenated(SEQ_60, SEQ_60))
})

test('a wrong check is damage', async () => {
  const wrong = SAMPLES.xz.slice()
  const check = wrong.length - 12 - 8 - 8 // before the index and the footer
  wrong[check] = (wrong[check] ?? 0) ^ 1
  expect((await outcomeOf('xz', wrong)).error).toMatchObject({ code: 'ERR_COMPRESSION' })
})

test('a SHA-256 check is not supported, and the way out is told', async () => {
  // The header of `seq 1 60 | xz --check=sha256`.
  const header = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0x0a, 0xe1, 0xfb, 0x0c, 0xa1)
  const { error } = await outcomeOf('xz', concatenated(header, SAMPLES.xz.subarray(12)))
  expect(error).toMatchObject({ code: 'ERR_UNSUPPORTED', hint: expect.stringContaining('xz -dc') })
})
