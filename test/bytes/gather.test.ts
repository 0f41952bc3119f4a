import { truncateSync, writeFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { plannedReads, type Placed } from '../../src/bytes/gather-reads.js'
import { gather, gathered, type Piece } from '../../src/bytes/gather.js'
import { bytesSource, fileSource, slice, type ByteSource, type OpenSource } from '../../src/bytes/source.js'
import { collect, concatenated, sha256 } from '../support/chunks.js'
import { testFolder } from '../support/folder.js'

const MIB = 1024 * 1024
// No two stretches of it are the same.
const data = Uint8Array.from({ length: 3 * MIB }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)
const memory = bytesSource(data, 'memory')
const inFolder = testFolder()
let file: OpenSource

beforeAll(async () => {
  writeFileSync(inFolder('data'), data)
  file = await fileSource(inFolder('data'))
})
afterAll(async () => {
  await file[Symbol.asyncDispose]()
})

const plain = (pieces: readonly Piece[]) =>
  concatenated(
    ...pieces.map((piece) => {
      if (piece.kind === 'bytes') return piece.bytes
      return piece.kind === 'zeros'
        ? new Uint8Array(piece.length)
        : data.slice(piece.offset, piece.offset + piece.length)
    }),
  )

const length = fc.oneof(fc.nat(3000), fc.nat(40_000), fc.constant(MIB + 1))
// As of a decompressed layer: later, and one after the other.
const slow: ByteSource = {
  location: 'slow',
  size: data.length,
  async read(span, signal, into) {
    await setImmediate()
    return memory.read(span, signal, into)
  },
}
// Of several questions at once any may be answered first, and the bytes are there before that is told.
const unordered: ByteSource = {
  ...slow,
  async read(span, signal, into) {
    const turns = (span.offset + span.length) % 5
    if (turns > 3) await setImmediate()
    const bytes = await memory.read(span, signal, into)
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    return bytes
  },
}
// In step: what lies between two ranges is as long in the source as in the output, as with the headers of a tar.
const place = fc.constantFrom('in step', 'near', 'far')
const somewhere = fc.record({ offset: fc.nat(MIB), length, place, source: fc.nat(3) })
const step = fc.oneof(somewhere, fc.nat(2000), fc.uint8Array({ maxLength: 700 }))
const somePieces = fc.array(step, { maxLength: 60 }).map((steps) => {
  let [last, between] = [0, 0]
  let source: ByteSource = slow
  return steps.map((step): Piece => {
    if (typeof step === 'number' || step instanceof Uint8Array) {
      const piece: Piece = typeof step === 'number' ? { kind: 'zeros', length: step } : { kind: 'bytes', bytes: step }
      between += plain([piece]).length
      return piece
    }
    const isFar = step.place === 'far' || last + between + step.length > 2 * MIB
    const offset = isFar ? step.offset : last + (step.place === 'near' ? step.offset % 1000 : between)
    if (isFar) source = [memory, file, slow, unordered][step.source] ?? slow
    ;[last, between] = [offset + step.length, 0]
    return { kind: 'range', source, offset, length: step.length }
  })
})

test('pieces come out one after the other, however their ranges lie', async () => {
  await fc.assert(
    fc.asyncProperty(somePieces, async (pieces) => {
      expect(sha256(await collect(gather(pieces)))).toBe(sha256(plain(pieces)))
    }),
    { numRuns: 150 },
  )
})

test('several blocks are filled at once, and each is right when it is ready', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 500, max: 9000 }), fc.constantFrom(512, 65_536, 300_000)), {
    minLength: 1,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(somePieces, sizes, fc.integer({ min: 1, max: 5 }), async (pieces, sizes, atOnce) => {
      const model = plain(pieces)
      const { fill } = gathered(pieces)
      const filling: Promise<boolean>[] = []
      let at = 0
      for (let turn = 0; ; turn++) {
        const block = new Uint8Array(sizes[turn % sizes.length] ?? 1).fill(0xaa)
        const { length, ready } = fill(block)
        const expected = model.subarray(at, at + block.length)
        expect(length).toBe(expected.length)
        const isRight = (): boolean => sha256(block.subarray(0, length)) === sha256(expected)
        filling.push(ready === undefined ? Promise.resolve(isRight()) : ready.then(isRight))
        at += length
        if (length < block.length) break
        if (filling.length > atOnce) expect(await filling.shift()).toBe(true)
      }
      expect(await Promise.all(filling)).not.toContain(false)
      expect(at).toBe(model.length)
    }),
    { numRuns: 100 },
  )
})

test('blocks that are filled at once and put together beside do not mix', async () => {
  const offsets = [1001, 2001, 50_001, 51_001]
  const pieces = offsets.map((offset): Piece => ({ kind: 'range', source: unordered, offset, length: 10 }))
  const { fill } = gathered(pieces)
  const blocks = [new Uint8Array(20), new Uint8Array(20)]
  const filled = blocks.map(fill)
  for (const { ready } of filled) await ready
  expect(concatenated(...blocks)).toEqual(plain(pieces))
})

test('a part of a file is read at its own place', async () => {
  const part = slice(file, { offset: 1000, length: 500 }, 'part')
  const got = await collect(gather([{ kind: 'range', source: part, offset: 100, length: 50 }]))
  expect(got).toEqual(data.slice(1100, 1150))
})

test('nothing gives nothing', async () => {
  expect(await collect(gather([]))).toHaveLength(0)
})

const at = (offset: number, length: number, place: number): Placed => ({ source: memory, offset, length, at: place })

test('ranges that lie in the source as in the output are one read, headers between them and all', () => {
  const { reads, scratch } = plannedReads([at(512, 1024, 512), at(2048, 512, 2048), at(3072, 90_000, 3072)], MIB)
  expect(reads).toEqual([{ source: memory, offset: 512, length: 92_560, target: { kind: 'direct', at: 512 } }])
  expect(scratch).toBe(0)
})

test('small ranges that lie otherwise are one read all the same, large and distant ones are not', () => {
  const parts = [at(1000, 10, 0), at(2000, 10, 10)]
  const { reads, scratch } = plannedReads([...parts, at(100_000, 10, 20), at(100_100, 40_000, 30)], MIB)
  expect(reads.map(({ target }) => target.kind)).toEqual(['scattered', 'direct', 'direct'])
  expect(reads[0]).toMatchObject({ offset: 1000, length: 1010, target: { parts } })
  expect(scratch).toBe(1010)
})

test('no more is scattered than there is room for', () => {
  const many = Array.from({ length: 100 }, (_, index) => at(index * 1000, 10, index * 10))
  const { reads, scratch } = plannedReads(many, 5000)
  expect(scratch).toBeLessThanOrEqual(5000)
  expect(reads.length).toBeGreaterThan(90)
})

test('a range beyond its source is an error with the place', async () => {
  const beyond = gather([{ kind: 'range', source: memory, offset: data.length - 5, length: 6 }])
  await expect(collect(beyond)).rejects.toMatchObject({
    code: 'ERR_TRUNCATED',
    location: 'memory',
    offset: data.length,
  })
})

test('a file that became shorter is an error', async () => {
  const path = inFolder('shrinks')
  writeFileSync(path, data)
  await using source = await fileSource(path)
  truncateSync(path, 1000)
  const cut = gather([{ kind: 'range', source, offset: 0, length: data.length }])
  await expect(collect(cut)).rejects.toMatchObject({ code: 'ERR_TRUNCATED', offset: 1000 })
})

test('a run that is interrupted stops', async () => {
  const abort = new AbortController()
  const chunks = gather([{ kind: 'range', source: file, offset: 0, length: data.length }], abort.signal)
  await chunks.next()
  abort.abort()
  await expect(collect(chunks)).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

/** What happens when one piece can be read and another cannot; and whether somebody is left with an error of his own. */
async function failing(pieces: readonly Piece[], enough = Infinity): Promise<unknown> {
  const lost = vi.fn()
  process.on('unhandledRejection', lost)
  const chunks = gather(pieces)
  try {
    for (let count = 0; count < enough; count++) {
      if ((await chunks.next()).done === true) return undefined
      // The chunk is used for so long that those behind it are read, or not.
      for (let turn = 0; turn < 20; turn++) await setImmediate()
    }
    await chunks.return()
    return undefined
  } catch (error) {
    return error
  } finally {
    for (let turn = 0; turn < 3; turn++) await setImmediate()
    process.off('unhandledRejection', lost)
    expect(lost).not.toHaveBeenCalled()
  }
}

test('two reads that fail in one chunk, one at once and one later, are one error, that of the first', async () => {
  const path = inFolder('cut')
  writeFileSync(path, data)
  await using cut = await fileSource(path)
  truncateSync(path, 1000)
  const piece = (offset: number, length: number): Piece => ({ kind: 'range', source: cut, offset, length })
  const error = await failing([piece(0, 300_000), piece(2 * MIB, 100)])
  expect(error).toMatchObject({ code: 'ERR_TRUNCATED', offset: 1000 })
})

/** A source that breaks from an offset on, and counts what is being read of it. */
function breaking(from: number): ByteSource & { reading: number; reads: number } {
  return {
    location: 'breaking',
    size: data.length,
    reading: 0,
    reads: 0,
    async read(span, signal, into) {
      this.reading += 1
      this.reads += 1
      // The first of several comes last.
      for (let turn = 0; turn < (span.offset === 0 ? 6 : 2); turn++) await setImmediate()
      this.reading -= 1
      if (span.offset >= from) throw new Error('broken')
      return memory.read(span, signal, into)
    },
  }
}

test('a source that breaks in a later chunk is an error in its turn, and nobody’s where the consumer left before', async () => {
  const source = breaking(2 * MIB)
  const all: Piece[] = [{ kind: 'range', source, offset: 0, length: 3 * MIB }]
  expect(await failing(all)).toMatchObject({ message: 'broken' })
  expect(await failing(all, 1)).toBeUndefined()
})

test('a block that failed is not given back before the last of its reads is done', async () => {
  const path = inFolder('cut-too')
  writeFileSync(path, data)
  await using cut = await fileSource(path)
  truncateSync(path, 1000)
  // Of the source that breaks the second comes first; the other says at once that it is cut.
  for (const [other, from] of [
    [cut, Infinity],
    [memory, 100_000],
  ] as const) {
    const source = breaking(from)
    const piece = (from: ByteSource, offset: number): Piece => ({ kind: 'range', source: from, offset, length: 5000 })
    const { ready } = gathered([piece(source, 0), piece(source, 200_000), piece(other, 2000)]).fill(new Uint8Array(MIB))
    expect(source.reading).toBe(2)
    await expect(ready).rejects.toMatchObject(other === cut ? { code: 'ERR_TRUNCATED' } : { message: 'broken' })
    expect(source.reading).toBe(0)
  }
})

test('nothing is read any more when the consumer has left, or was told of an error', async () => {
  for (const [source, enough] of [
    [breaking(Infinity), 1],
    [breaking(100_000), Infinity],
  ] as const) {
    const twice = [0, 200_000, MIB, 2 * MIB].map((offset): Piece => ({
      kind: 'range',
      source,
      offset,
      length: 140_000,
    }))
    const chunks = gather([...twice, ...twice, ...twice, ...twice])
    const use = async () => {
      for (let count = 0; count < enough; count++) await chunks.next()
      await chunks.return()
    }
    await use().catch(() => undefined)
    expect(source.reading).toBe(0)
    const { reads } = source
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    expect(source.reads).toBe(reads)
    expect(reads).toBeGreaterThan(0)
  }
})

test('pieces that cannot be told any further are an error behind those that were', async () => {
  function* pieces(): Generator<Piece> {
    yield { kind: 'zeros', length: MIB }
    throw new Error('no more')
  }
  const chunks = gather(pieces())
  expect((await chunks.next()).value).toHaveLength(MIB / 2)
  expect((await chunks.next()).value).toHaveLength(MIB / 2)
  await expect(chunks.next()).rejects.toThrow('no more')
})
