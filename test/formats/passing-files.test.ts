import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { passingFiles } from '../../src/formats/passing-files.js'
import { packed } from '../support/archives.js'
import { chunksOf } from '../support/chunks.js'

test('empty members have one measurement together, as there may be ever so many', async () => {
  const empty = new Uint8Array(0)
  const archive = packed(
    new Map([
      ['a', empty],
      ['b', empty],
    ]),
  )
  await using files = await passingFiles(chunksOf(archive), 'app.tar', runContext())
  const found = await Promise.all(['a', 'b'].map((path) => files.resolve(path)))
  const [a, b] = found.map((one) => (one.kind === 'file' ? one.file.measurement : undefined))
  expect(a?.size).toBe(0)
  expect(a).toBe(b)
})
