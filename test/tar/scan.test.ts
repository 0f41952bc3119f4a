import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { bytesSource, type ByteSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { scanChunks, scanSource, tarEntries, tarPusher } from '../../src/tar/scan.js'
import { chunksOf, concatenated } from '../support/chunks.js'
import { headerBlock, member, tarOf } from '../support/tar-blocks.js'

const context = { limits: DEFAULT_LIMITS }
const pathsOf = async (entries: AsyncIterable<TarEntry>) => {
  const paths: string[] = []
  for await (const { path } of entries) paths.push(path)
  return paths
}

/** A source that counts what is read of it. */
function counted(bytes: Uint8Array, atOnce = false) {
  const inner = bytesSource(bytes, 'a.tar')
  const counts = { reads: 0, bytes: 0 }
  const count = (length: number) => {
    counts.reads++
    counts.bytes += length
  }
  const source: ByteSource = {
    location: inner.location,
    size: inner.size,
    read(span) {
      count(span.length)
      return inner.read(span)
    },
    ...(atOnce && {
      readInto(into, offset) {
        count(into.length)
        inner.readInto?.(into, offset)
      },
    }),
  }
  return { counts, source }
}

describe('a source', () => {
  test.each([false, true])('has its contents hopped over, filling a buffer at once: %s', async (atOnce) => {
    const large = member({ name: 'large' }, 'x'.repeat(3_000_000))
    const { source, counts } = counted(tarOf(large, large, large, large), atOnce)
    const end = await scanSource(source, { onEntry: () => undefined }, context)
    expect(end).toMatchObject({ entries: 4, marker: 'two-zero-blocks', size: source.size })
    expect(counts.bytes).toBeLessThan(100_000)
    expect(counts.reads).toBeLessThan(10)
  })

  test('with many small files is read in few large pieces', async () => {
    const small = Array.from({ length: 5000 }, (_, index) => member({ name: `file-${index}` }, 'content'))
    const { source, counts } = counted(tarOf(...small))
    await scanSource(source, { onEntry: () => undefined }, context)
    expect(counts.reads).toBeLessThan(40)
    expect(counts.bytes).toBeLessThanOrEqual(source.size + 65_536)
  })

  test('that fills a buffer gives the entries that it gives otherwise, and lets signals be heard', async () => {
    const content = { name: 'long'.repeat(40) }
    const tar = tarOf(...Array.from({ length: 9000 }, (_, at) => member({ name: `f-${at}` }, `${at}`)), member(content))
    const { source, counts } = counted(tar, true)
    expect(await pathsOf(tarEntries(source, context))).toEqual(await pathsOf(tarEntries(counted(tar).source, context)))
    expect(counts.reads).toBeGreaterThan(64)
    const abort = new AbortController()
    setImmediate(() => {
      abort.abort()
    })
    const scan = scanSource(source, { onEntry: () => undefined }, { ...context, signal: abort.signal })
    await expect(scan).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  })

  test('has its contents read for who wants them, without padding', async () => {
    const content = 'y'.repeat(600_001)
    const { source } = counted(tarOf(member({ name: 'a' }, content), member({ name: 'b' }), member({ name: 'c' }, 'z')))
    const seen: string[] = []
    await scanSource(
      source,
      {
        onEntry: ({ path }) => seen.push(path),
        onContent: ({ path }, chunk) => seen.push(`${path} ${chunk.length}`),
        onContentEnd: ({ path }) => seen.push(`end of ${path}`),
      },
      context,
    )
    expect(seen).toEqual(['a', 'a 262144', 'a 262144', 'a 75713', 'end of a', 'b', 'end of b', 'c', 'c 1', 'end of c'])
  })

  test('is not read beyond its end, whatever its headers claim', async () => {
    const bytes = concatenated(headerBlock({ size: 2 ** 33 - 1 }), new Uint8Array(100))
    const end = await scanSource(bytesSource(bytes, 'a.tar'), { onEntry: () => undefined }, context)
    expect(end.fault).toMatchObject({ kind: 'truncated-content', offset: 612 })
  })
})

describe('a pusher', () => {
  test('hands contents on as views of what was pushed', () => {
    const tar = tarOf(member({}, 'abcdef'))
    const buffers = new Set<ArrayBufferLike>()
    const pusher = tarPusher({ onEntry: () => undefined, onContent: (_, chunk) => buffers.add(chunk.buffer) }, DEFAULT_LIMITS) // prettier-ignore
    pusher.push(tar)
    expect(pusher.end().entries).toBe(1)
    expect([...buffers]).toEqual([tar.buffer])
  })

  test('takes nothing at all for an empty tar', () => {
    const pusher = tarPusher({ onEntry: () => undefined }, DEFAULT_LIMITS)
    pusher.push(new Uint8Array(0))
    expect(pusher.end()).toMatchObject({ entries: 0, size: 0, marker: 'none' })
  })
})

describe('a loop over entries', () => {
  const tar = tarOf(...Array.from({ length: 2000 }, (_, index) => member({ name: `file-${index}` }, 'x')))

  test('gives the same from a source and from chunks', async () => {
    const fromSource = await pathsOf(tarEntries(bytesSource(tar, 'a.tar'), context))
    const fromChunks = await pathsOf(tarEntries(chunksOf(tar, [5, 700, 70_000]), context))
    const fromStream = await pathsOf(tarEntries(Readable.from([tar.subarray(0, 700), tar.subarray(700)]), context))
    expect(fromStream).toEqual(fromChunks)
    expect(fromSource).toHaveLength(2000)
    expect(fromChunks).toEqual(fromSource)
  })

  test('throws at a fault, after the entries before it', async () => {
    const broken = concatenated(member({ name: 'good' }, 'x'), new Uint8Array(512).fill(1))
    const seen: string[] = []
    const loop = async () => {
      for await (const { path } of tarEntries(bytesSource(broken, 'a.tar'), context)) seen.push(path)
    }
    await expect(loop()).rejects.toMatchObject({ code: 'ERR_TAR_HEADER', location: 'a.tar', offset: 1024 })
    expect(seen).toEqual(['good'])
  })

  test.each([
    [concatenated(headerBlock({ size: 9 })), 'ERR_TRUNCATED'],
    [tarOf(headerBlock({ type: 'x', size: 2_000_000 })), 'ERR_LIMIT'],
    [tarOf(headerBlock({ raw: { 100: 'x' } })), 'ERR_TAR_HEADER'],
  ])('tells what kind of fault it is', async (bytes, code) => {
    await expect(pathsOf(tarEntries(chunksOf(bytes), { ...context, location: 'pipe' }))).rejects.toMatchObject({
      code,
      location: 'pipe',
    })
  })

  test('may be left early, and closes the chunks', async () => {
    let closed = false
    async function* chunks() {
      try {
        yield* chunksOf(tar, [1000, 2000])
      } finally {
        closed = true
      }
    }
    for await (const { path } of tarEntries(chunks(), context)) if (path === 'file-0') break
    expect(closed).toBe(true)
  })
})

test.each([
  [
    'chunks',
    (signal: AbortSignal) => scanChunks(chunksOf(tarOf()), { onEntry: () => undefined }, { ...context, signal }),
  ],
  ['a source', (signal: AbortSignal) => scanSource(bytesSource(tarOf(), 'a'), { onEntry: () => undefined }, { ...context, signal })], // prettier-ignore
])('a scan of %s stops at the signal', async (_, scan) => {
  await expect(scan(AbortSignal.abort())).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

test('what a handler throws comes through', async () => {
  const handlers = {
    onEntry() {
      throw new ArchiveError('ERR_USAGE', 'mine')
    },
  }
  await expect(scanChunks(chunksOf(tarOf(headerBlock())), handlers, context)).rejects.toThrow('mine')
  await expect(scanSource(bytesSource(tarOf(headerBlock()), 'a'), handlers, context)).rejects.toThrow('mine')
})
