import { truncate, writeFile } from 'node:fs/promises'
import { beforeEach, expect, test } from 'vitest'
import { readAhead } from '../../src/bytes/read-ahead.js'
import { bytesSource, fileSource, slice } from '../../src/bytes/source.js'
import { digestOf, hasher } from '../../src/bytes/digest.js'
import { freshFolder } from '../support/folder.js'

const MANY = Uint8Array.from({ length: 3 * 1024 * 1024 + 7 }, (_, at) => (at * 31) >> 3)

const inFolder = freshFolder()
beforeEach(async () => {
  await writeFile(inFolder('a'), MANY)
})

async function digestOfChunks(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = hasher()
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest()
}

test('gives the bytes of a file, of a part of it, and of memory', async () => {
  await using source = await fileSource(inFolder('a'))
  expect(await digestOfChunks(readAhead(source))).toBe(digestOf(MANY))
  const part = slice(source, { offset: 5, length: 2 * 1024 * 1024 }, 'part')
  expect(await digestOfChunks(readAhead(part))).toBe(digestOf(MANY.subarray(5, 5 + 2 * 1024 * 1024)))
  expect(await digestOfChunks(readAhead(bytesSource(MANY, 'memory')))).toBe(digestOf(MANY))
})

test('a file that becomes shorter is an error', async () => {
  await using source = await fileSource(inFolder('a'))
  await truncate(inFolder('a'), 1024)
  await expect(digestOfChunks(readAhead(source))).rejects.toMatchObject({ code: 'ERR_TRUNCATED' })
})

test('an interruption ends it, and a reader may leave', async () => {
  await using source = await fileSource(inFolder('a'))
  const stop = new AbortController()
  const reading = (async () => {
    for await (const chunk of readAhead(source, stop.signal)) {
      expect(chunk.length).toBeGreaterThan(0)
      stop.abort()
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  for await (const chunk of readAhead(source)) {
    expect(chunk[0]).toBe(MANY[0])
    break
  }
})
