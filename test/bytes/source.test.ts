import fc from 'fast-check'
import { existsSync } from 'node:fs'
import { readdir, truncate, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { fileChunks } from '../../src/bytes/file-chunks.js'
import { readChunks } from '../../src/bytes/reader.js'
import { bytesSource, chunksOf as sourceChunks, fileSource, lentChunksOf, slice } from '../../src/bytes/source.js'
import { spool } from '../../src/bytes/spool.js'
import { chunksOf, collect, cutsIn } from '../support/chunks.js'
import { freshFolder } from '../support/folder.js'

const BYTES = Uint8Array.from({ length: 1000 }, (_, at) => at % 251)
const inFolder = freshFolder()
let file = ''
beforeEach(async () => {
  file = inFolder('f')
  await writeFile(file, BYTES)
})

describe('a source', () => {
  test('lends its bytes in one piece of memory, chunk by chunk', async () => {
    const all = Uint8Array.from({ length: 600_000 }, (_, at) => at % 241)
    await writeFile(file, all)
    await using source = await fileSource(file)
    const [memory, got] = [new Set<ArrayBufferLike>(), new Array<Uint8Array>()]
    for await (const chunk of lentChunksOf(slice(source, { offset: 7, length: all.length - 7 }, 'part'))) {
      memory.add(chunk.buffer)
      got.push(chunk.slice())
    }
    expect(Buffer.concat(got).equals(all.subarray(7))).toBe(true)
    expect([got.length, memory.size]).toEqual([3, 1])
  })

  test('of a file gives any span, to several readers at once', async () => {
    await using source = await fileSource(file)
    const spans = [0, 10, 500].map((offset) => ({ offset, length: 400 }))
    const read = await Promise.all(spans.map((span) => source.read(span)))
    for (const [at, { offset }] of spans.entries()) expect(read[at]).toEqual(BYTES.slice(offset, offset + 400))
  })

  test.each([
    [1000, 1],
    [0, 1001],
    [-1, 2],
    [2 ** 52, 1],
  ])('refuses the span at %i of %i bytes', async (offset, length) => {
    await using source = await fileSource(file)
    for (const one of [source, bytesSource(BYTES, 'b')]) {
      await expect(one.read({ offset, length })).rejects.toMatchObject({ code: 'ERR_TRUNCATED', offset: 1000 })
      expect(() => one.readInto?.(new Uint8Array(length), offset)).toThrow(
        `needs ${length} bytes at offset ${offset}, but there are 1000`,
      )
    }
  })

  test('fills a buffer at once with the bytes that it gives later', async () => {
    await using source = await fileSource(file)
    for (const whole of [source, bytesSource(BYTES, 'b')]) {
      const part = slice(slice(whole, { offset: 100, length: 500 }, 'part'), { offset: 10, length: 200 }, 'inner')
      for (const one of [whole, part]) {
        const into = new Uint8Array(50)
        one.readInto?.(into, 70)
        expect(into).toEqual(await one.read({ offset: 70, length: 50 }))
      }
      expect(() => part.readInto?.(new Uint8Array(2), 199)).toThrow('needs 2 bytes at offset 199, but there are 200')
    }
  })

  test.each([2 ** 53 - 1, -1])('makes no memory for a span of %i bytes', async (length) => {
    await using source = await fileSource(file)
    for (const one of [source, bytesSource(BYTES, 'b'), slice(source, { offset: 1, length: 9 }, 's')]) {
      await expect(one.read({ offset: 0, length })).rejects.toMatchObject({ code: 'ERR_TRUNCATED' })
    }
  })

  test('reads into memory that it is given, and gives that back', async () => {
    await using source = await fileSource(file)
    for (const whole of [source, bytesSource(BYTES, 'b')]) {
      const part = slice(slice(whole, { offset: 100, length: 500 }, 'part'), { offset: 10, length: 200 }, 'inner')
      for (const [one, start] of [
        [whole, 0],
        [part, 110],
      ] as const) {
        const room = new Uint8Array(60)
        const into = room.subarray(5, 55)
        expect(await one.read({ offset: 70, length: 50 }, undefined, into)).toBe(into)
        expect(into).toEqual(BYTES.slice(start + 70, start + 120))
        expect([room.subarray(0, 5), room.subarray(55)]).toEqual([new Uint8Array(5), new Uint8Array(5)])
      }
      const beyond = part.read({ offset: 199, length: 2 }, undefined, new Uint8Array(2))
      await expect(beyond).rejects.toMatchObject({ code: 'ERR_TRUNCATED', location: 'inner' })
    }
  })

  test('gives memory that the caller owns', async () => {
    const source = bytesSource(BYTES, 'b')
    const read = await source.read({ offset: 0, length: 10 })
    read.fill(0xff)
    expect(await source.read({ offset: 0, length: 10 })).toEqual(BYTES.slice(0, 10))
  })

  test('tells a file that became shorter', async () => {
    await using source = await fileSource(file)
    await truncate(file, 600)
    await expect(source.read({ offset: 500, length: 200 })).rejects.toMatchObject({
      code: 'ERR_TRUNCATED',
      offset: 600,
    })
    expect(() => source.readInto?.(new Uint8Array(200), 500)).toThrow('the file became shorter while it was read')
    const chunks = collect(fileChunks({ file, offset: 500 }, 200, () => undefined))
    await expect(chunks).rejects.toMatchObject({ code: 'ERR_TRUNCATED', offset: 600 })
  })

  test('that is not there is not found', async () => {
    await expect(fileSource(inFolder('gone'))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    const chunks = collect(fileChunks({ file: inFolder('gone'), offset: 0 }, 1, () => undefined))
    await expect(chunks).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('has slices that know where they lie', async () => {
    await using source = await fileSource(file)
    const part = slice(slice(source, { offset: 100, length: 500 }, 'p'), { offset: 50, length: 100 }, 'q')
    expect(part).toMatchObject({ location: 'q', size: 100, place: { file, offset: 150 } })
    expect(await collect(sourceChunks(part))).toEqual(BYTES.slice(150, 250))
    expect(() => slice(part, { offset: 50, length: 51 }, 'r')).toThrow(
      expect.objectContaining({ code: 'ERR_TRUNCATED' }),
    )
  })

  test('gives its bytes to a worker as to everyone', async () => {
    let counted = 0
    const chunks = await collect(fileChunks({ file, offset: 100 }, 800, (bytes) => (counted += bytes)))
    expect(chunks).toEqual(BYTES.slice(100, 900))
    expect(counted).toBe(800)
  })
})

describe('a reader', () => {
  test('takes what is asked for, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(cutsIn(BYTES.length), fc.array(fc.nat(400)), async (cuts, wanted) => {
        const reader = readChunks(chunksOf(BYTES, cuts))
        let at = 0
        for (const [turn, length] of wanted.entries()) {
          const bytes = turn % 2 === 0 ? await reader.read(length) : await collect(reader.take(length))
          expect(bytes).toEqual(BYTES.slice(at, at + length))
          at += bytes.length
          expect(reader.offset).toBe(at)
        }
        await reader.close()
      }),
    )
  })
})

describe('a spool', () => {
  test('holds a stream in a file that goes away with it', async () => {
    const source = await spool(chunksOf(BYTES, [100, 700]), '-')
    expect(source.location).toBe('-')
    const place = source.place?.file ?? ''
    expect(existsSync(place)).toBe(true)
    expect(await source.read({ offset: 650, length: 100 })).toEqual(BYTES.slice(650, 750))
    await source[Symbol.asyncDispose]()
    expect(existsSync(place)).toBe(false)
  })

  test('names the folder that takes no temporary file', async () => {
    vi.stubEnv('TMPDIR', inFolder('gone'))
    await expect(spool(chunksOf(BYTES, []), '-')).rejects.toMatchObject({
      code: 'ERR_IO',
      location: inFolder('gone'),
      hint: 'TMPDIR=FOLDER names another folder for them',
    })
    vi.unstubAllEnvs()
  })

  test('leaves nothing behind when the stream breaks', async () => {
    vi.stubEnv('TMPDIR', inFolder())
    async function* broken() {
      yield await Promise.resolve(BYTES)
      throw new Error('the pipe broke')
    }
    await expect(spool(broken(), '-')).rejects.toMatchObject({ code: 'ERR_IO', message: 'the pipe broke' })
    expect(await readdir(inFolder())).toEqual(['f'])
    vi.unstubAllEnvs()
  })
})
