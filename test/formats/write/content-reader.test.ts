import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { asDigest } from '../../../src/bytes/digest.js'
import { fileSource } from '../../../src/bytes/source.js'
import { runContext } from '../../../src/context.js'
import { contentReader } from '../../../src/formats/write/content-reader.js'
import type { SourceContent } from '../../../src/model/outgoing.js'
import { flipped } from '../../support/archives.js'
import { collect } from '../../support/chunks.js'

const context = runContext({ concurrency: 2 })
const small = new Uint8Array(5000).fill(7)
// Large enough for a thread of its own.
const large = new Uint8Array(17 * 2 ** 20).map((_, at) => at % 251)

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-content-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const claimOf = (bytes: Uint8Array, algorithm: string) =>
  asDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`)

/** Reads bytes that lie in a file under what `told` would have as its digest; gives what came. */
async function readAs(bytes: Uint8Array, told: Uint8Array, algorithm: string): Promise<Uint8Array> {
  const file = join(folder, 'content')
  await writeFile(file, bytes)
  await using source = await fileSource(file)
  const claimed = claimOf(told, algorithm)
  const content: SourceContent = { source, ...(claimed && { claimed }) }
  const reader = contentReader()
  const read = await collect(reader.read(content, context))
  await reader.proved()
  return read
}

describe.each([
  ['few bytes', small, 'sha256'],
  ['few bytes, claimed by their sha512', small, 'sha512'],
  ['many bytes, on a thread', large, 'sha256'],
])('%s', (_, bytes, algorithm) => {
  test('come as they are where they have the digest that is claimed', async () => {
    expect(Buffer.compare(await readAs(bytes, bytes, algorithm), bytes)).toBe(0)
  })

  test('are refused where one bit of them is another', async () => {
    const damaged = flipped(bytes, bytes.length - 3)
    await expect(readAs(damaged, bytes, algorithm)).rejects.toMatchObject({
      code: 'ERR_DIGEST',
      location: join(folder, 'content'),
    })
  })
})

test('bytes of which nothing is claimed are nothing to prove', async () => {
  expect(await readAs(small, small, 'md5')).toEqual(small)
})

test('whoever leaves before the end has proved nothing, and leaves no thread behind', async () => {
  const file = join(folder, 'content')
  await writeFile(file, large)
  await using source = await fileSource(file)
  const claimed = claimOf(large, 'sha256')
  const reader = contentReader()
  for await (const chunk of reader.read({ source, ...(claimed && { claimed }) }, context)) if (chunk.length > 0) break
  await expect(reader.proved()).resolves.toBeUndefined()
})
