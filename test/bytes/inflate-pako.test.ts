import { expect, test, vi } from 'vitest'
import { nativeInflate } from '../../src/bytes/inflate.js'
import { concatenated } from '../support/chunks.js'
import { outcomeOf, SAMPLES, SEQ_60 } from '../support/compressed.js'

const closed = vi.hoisted(() => ({ count: 0 }))

// A Node whose zlib streams have no handle that could be called.
vi.mock('node:zlib', async (original) => ({
  ...(await original<typeof import('node:zlib')>()),
  createInflateRaw: () => ({ close: () => closed.count++ }),
}))

test('a Node without the internals of zlib reads gzip all the same', async () => {
  expect(nativeInflate()).toBeUndefined()
  expect(closed.count).toBe(1)
  const { bytes, notices, error } = await outcomeOf('gzip', concatenated(SAMPLES.gzip, SAMPLES.gzip))
  expect({ notices, error }).toEqual({ notices: [], error: undefined })
  expect(bytes).toEqual(concatenated(SEQ_60, SEQ_60))
})
