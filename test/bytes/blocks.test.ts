import { truncate, writeFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { blocksOf, chunked, watched, writeChunked, type Blocks, type Filled } from '../../src/bytes/blocks.js'
import { bytesSource, fileSource, type ByteSource } from '../../src/bytes/source.js'
import { collect, concatenated, sha256 } from '../support/chunks.js'
import { testFolder } from '../support/folder.js'

const MIB = 1024 * 1024
const CHUNK = MIB / 2
// No two stretches of it are the same.
const data = Uint8Array.from({ length: 3 * MIB + 5 }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)
const inFolder = testFolder()

const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

/** A source that can only be asked, and answers the last question first. */
function answering(bytes: Uint8Array): ByteSource {
  const memory = bytesSource(bytes, 'memory')
  let [asked, answered] = [0, 0]
  return {
    location: 'memory',
    size: bytes.length,
    async read(span, signal, into) {
      const mine = asked++
      do await setImmediate()
      while (mine < asked - answered - 1)
      answered += 1
      return memory.read(span, signal, into)
    },
  }
}

/** A promise to settle by hand. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void; readonly fail: (cause: Error) => void } {
  let [open, fail]: [() => void, (cause: Error) => void] = [() => undefined, () => undefined]
  const passed = new Promise<void>((resolve, reject) => ([open, fail] = [resolve, reject]))
  return { passed, open: () => open(), fail: (cause) => fail(cause) }
}

/** Fails where somebody was left with an error that nobody heard. */
async function heard(run: () => Promise<void>): Promise<void> {
  const lost = vi.fn()
  process.on('unhandledRejection', lost)
  try {
    await run()
    await turns()
  } finally {
    process.off('unhandledRejection', lost)
  }
  expect(lost).not.toHaveBeenCalled()
}

describe('the blocks of a source', () => {
  const BLOCK = 1000
  const sizes = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1]
  const kinds: readonly [string, (bytes: Uint8Array) => ByteSource][] = [
    ['read now', (bytes) => bytesSource(bytes, 'memory')],
    ['read later', answering],
  ]

  test.each(kinds)('are its bytes in order, full but for the last, of any size (%s)', async (_, opened) => {
    for (const size of sizes) {
      const { fill } = blocksOf(opened(data.subarray(0, size)))
      const filled: { readonly block: Uint8Array; readonly length: number; readonly ready: unknown }[] = []
      // All are asked for before the first is there.
      for (let length = BLOCK; length === BLOCK;) {
        const block = new Uint8Array(BLOCK).fill(0xaa)
        const one = fill(block)
        length = one.length
        filled.push({ block, length, ready: one.ready })
      }
      await Promise.all(filled.map(({ ready }) => ready))
      expect(filled).toHaveLength(Math.floor(size / BLOCK) + 1)
      const bytes = concatenated(...filled.map(({ block, length }) => block.subarray(0, length)))
      expect(sha256(bytes), String(size)).toBe(sha256(data.subarray(0, size)))
      const { block, length } = filled.at(-1) ?? { block: data, length: 0 }
      expect(new Set(block.subarray(length))).toEqual(new Set([0xaa]))
      expect(fill(new Uint8Array(BLOCK)).length).toBe(0)
    }
  })

  test('of one that can be read now are there at once, those of another are waited for', async () => {
    const block = new Uint8Array(10)
    expect(blocksOf(bytesSource(data, 'memory')).fill(block)).toEqual({ length: 10 })
    expect(block).toEqual(data.slice(0, 10))
    const { length, ready } = blocksOf(answering(data)).fill(block.fill(0))
    expect([length, block[1]]).toEqual([10, 0])
    await ready
    expect(block).toEqual(data.slice(0, 10))
  })

  test('of one that is shorter than it says are an error with the place', async () => {
    const path = inFolder('cut')
    await writeFile(path, data)
    await using source = await fileSource(path)
    await truncate(path, 1500)
    const error = { code: 'ERR_TRUNCATED', location: path, offset: 1500 }
    const now = blocksOf(source)
    now.fill(new Uint8Array(BLOCK))
    expect(() => now.fill(new Uint8Array(BLOCK))).toThrow(expect.objectContaining(error))
    const { location, size } = source
    const later = blocksOf({ location, size, read: (span, signal, into) => source.read(span, signal, into) })
    await later.fill(new Uint8Array(BLOCK)).ready
    await expect(later.fill(new Uint8Array(BLOCK)).ready).rejects.toMatchObject(error)
    const large = { ...bytesSource(data.subarray(0, 1500), 'memory'), size: 3000 }
    await expect(collect(chunked(blocksOf(large)))).rejects.toMatchObject({ code: 'ERR_TRUNCATED', location: 'memory' })
  })

  test.each(kinds)('end where the run is interrupted (%s)', async (_, opened) => {
    const abort = new AbortController()
    const { fill } = blocksOf(opened(data), abort.signal)
    await fill(new Uint8Array(BLOCK)).ready
    abort.abort()
    expect(() => fill(new Uint8Array(BLOCK))).toThrow(expect.objectContaining({ code: 'ERR_ABORTED' }))
  })

  test('are asked of the source with the signal', async () => {
    const read = vi.fn<ByteSource['read']>(() => Promise.resolve(data))
    const { signal } = new AbortController()
    await blocksOf({ location: 'asked', size: 5, read }, signal).fill(new Uint8Array(9)).ready
    expect(read).toHaveBeenCalledExactlyOnceWith({ offset: 0, length: 5 }, signal, new Uint8Array(5))
  })
})

/** Blocks whose nth is `steps[n]`; after them there are no more. */
function steps(...steps: readonly ((block: Uint8Array) => Filled)[]): Blocks & { readonly asked: Uint8Array[] } {
  const asked: Uint8Array[] = []
  const fill = (block: Uint8Array): Filled => {
    asked.push(block)
    return steps[asked.length - 1]?.(block) ?? { length: 0 }
  }
  return { asked, fill }
}

const full = (value: number) => (block: Uint8Array) => ({ length: block.fill(value).length })
const later = (ready: Promise<void>) => (block: Uint8Array) => ({ length: block.length, ready })
const broken = () => {
  throw new Error('broken')
}

describe('blocks in chunks', () => {
  test('are the same bytes, ends of all kinds included', async () => {
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, data.length]) {
      for (const opened of [bytesSource(data.subarray(0, size), 'memory'), answering(data.subarray(0, size))]) {
        const chunks: Uint8Array[] = []
        for await (const chunk of chunked(blocksOf(opened))) chunks.push(chunk.slice())
        expect(chunks.map(({ length }) => length).every((length) => length > 0 && length <= CHUNK)).toBe(true)
        expect(sha256(concatenated(...chunks))).toBe(sha256(data.subarray(0, size)))
      }
    }
  })

  test('are each as they were until the next is asked for, which is filled meanwhile, and no other', async () => {
    const blocks = steps(...[1, 2, 3, 4, 5].map(full))
    const chunks = chunked(blocks)
    for (const value of [1, 2, 3, 4, 5]) {
      const chunk = (await chunks.next()).value ?? new Uint8Array()
      expect(blocks.asked).toHaveLength(value)
      await turns()
      expect(blocks.asked).toHaveLength(value + 1)
      expect(chunk).toHaveLength(CHUNK)
      expect([chunk[0], chunk.at(-1)]).toEqual([value, value])
    }
    expect((await chunks.next()).done).toBe(true)
    expect(new Set(blocks.asked.map(({ buffer }) => buffer)).size).toBe(2)
  })

  test('are waited for where they take a while', async () => {
    const { passed, open } = gate()
    const chunks = chunked(steps(later(passed)))
    const first = chunks.next()
    expect(await Promise.race([first, turns().then(() => 'waits')])).toBe('waits')
    open()
    expect((await first).value).toHaveLength(CHUNK)
  })

  test('are not asked for behind the one that is not full', async () => {
    const blocks = steps(full(1), () => ({ length: 7 }), broken)
    expect(await collect(chunked(blocks))).toHaveLength(CHUNK + 7)
    expect(blocks.asked).toHaveLength(2)
  })

  test('are left only when nothing is put into them any more', async () => {
    for (const settle of ['open', 'fail'] as const) {
      await heard(async () => {
        const { passed, ...settled } = gate()
        const chunks = chunked(steps(full(1), later(passed)))
        await chunks.next()
        await turns()
        const left = chunks.return()
        expect(await Promise.race([left, turns().then(() => 'waits')])).toBe('waits')
        settled[settle](new Error('nobody’s'))
        expect((await left).done).toBe(true)
      })
    }
  })

  test('fail in their turn, whoever fails them', async () => {
    const rejected = (block: Uint8Array) => later(Promise.reject(new Error('broken')))(block)
    for (const failing of [broken, rejected]) {
      for (const before of [0, 1, 2]) {
        await heard(async () => {
          const chunks = chunked(steps(...Array.from({ length: before }, () => full(1)), failing))
          for (let count = 0; count < before; count++) {
            expect((await chunks.next()).value).toHaveLength(CHUNK)
            await turns()
          }
          await expect(chunks.next()).rejects.toThrow('broken')
          expect((await chunks.next()).done).toBe(true)
        })
      }
    }
  })
})

describe('blocks in chunks that somebody looks at', () => {
  test('are looked at while they are written, and the next comes when both are done', async () => {
    const looks = [gate(), gate()]
    const writes = [gate(), gate()]
    const log: string[] = []
    const seen: Uint8Array[] = []
    const look = (part: Uint8Array): Promise<void> => {
      seen.push(part)
      log.push(`look ${String(part[0])}`)
      return looks[seen.length - 1]?.passed ?? Promise.resolve()
    }
    const write = (chunk: Uint8Array): Promise<void> => {
      expect(chunk).toBe(seen.at(-1))
      log.push(`write ${String(chunk[0])}`)
      return writes[seen.length - 1]?.passed ?? Promise.resolve()
    }
    const { fill } = steps(full(1), full(2), full(3))
    const writing = writeChunked({ fill, look }, write)
    await turns()
    expect(log.splice(0)).toEqual(['look 1', 'write 1'])
    writes[0]?.open()
    await turns()
    expect(log).toEqual([])
    // Nobody puts anything there meanwhile.
    expect(seen[0]?.every((byte) => byte === 1)).toBe(true)
    looks[0]?.open()
    await turns()
    expect(log.splice(0)).toEqual(['look 2', 'write 2'])
    looks[1]?.open()
    await turns()
    expect(log).toEqual([])
    writes[1]?.open()
    await writing
    expect(log).toEqual(['look 3', 'write 3'])
  })

  test('are all looked at when all is written', async () => {
    const { passed, open } = gate()
    const writing = writeChunked({ fill: steps(full(1)).fill, look: () => passed }, () => Promise.resolve())
    expect(await Promise.race([writing.then(() => 'done'), turns().then(() => 'waits')])).toBe('waits')
    open()
    await writing
  })

  test('are the same bytes, where nobody looks too', async () => {
    const looked: Uint8Array[] = []
    const look = async (part: Uint8Array): Promise<void> => {
      await turns(2)
      looked.push(part.slice())
    }
    const { fill } = blocksOf(bytesSource(data, 'memory'))
    expect(sha256(await collect(watched({ fill, look })))).toBe(sha256(data))
    expect(sha256(concatenated(...looked))).toBe(sha256(data))
    expect(sha256(await collect(watched(blocksOf(answering(data)))))).toBe(sha256(data))
  })

  test('fail with who looks, behind the chunk that he was given', async () => {
    await heard(async () => {
      const write = vi.fn(() => turns())
      const look = () => Promise.reject(new Error('fell over'))
      await expect(writeChunked({ fill: steps(full(1), full(2)).fill, look }, write)).rejects.toThrow('fell over')
      expect(write).toHaveBeenCalledTimes(1)
    })
  })

  test('fail with who writes, and who looks may fail too', async () => {
    await heard(async () => {
      const { passed, fail } = gate()
      const write = () => Promise.reject(new Error('disk full'))
      const { fill } = steps(full(1), full(2))
      await expect(writeChunked({ fill, look: () => passed }, write)).rejects.toThrow('disk full')
      fail(new Error('fell over'))
    })
  })
})
