import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Blocks } from '../../src/bytes/blocks.js'
import * as directly from '../../src/bytes/direct-file.js'
import { growingFile } from '../../src/bytes/growing-file.js'

// As it is, but watched.
vi.mock('../../src/bytes/direct-file.js', async (original) => {
  const actual = await original<typeof directly>()
  return { ...actual, directFile: vi.fn(actual.directFile) }
})

const MIB = 1024 * 1024
const MARK = 32 * MIB
// No two stretches of it are the same.
const data = Uint8Array.from({ length: 3 * MIB }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)

let folder = ''
let handle: FileHandle
beforeEach(async () => {
  vi.mocked(directly.directFile).mockClear()
  folder = await mkdtemp(join(tmpdir(), 'imgtar-growing-'))
  handle = await open(join(folder, 'a'), 'wx+')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await handle.close()
  await rm(folder, { recursive: true })
})

const growing = () => growingFile(join(folder, 'a'), handle)

/** What is in the file from that position on, or nothing of it where it is shorter. */
async function from(position: number): Promise<Uint8Array> {
  const { size } = await handle.stat()
  const bytes = new Uint8Array(Math.max(0, size - position))
  await handle.read(bytes, 0, bytes.length, position)
  return bytes
}

/** The bytes, put where they are to be, now or later. */
function blocks(bytes: Uint8Array, when?: () => Promise<void>): Blocks {
  let done = 0
  return {
    fill(block) {
      const part = bytes.subarray(done, (done += block.length))
      const put = (): void => block.set(part)
      if (when !== undefined) return { length: part.length, ready: when().then(put) }
      put()
      return { length: part.length }
    },
  }
}

const size = fc.oneof(fc.nat(9000), fc.nat(MIB), fc.constantFrom(4096, MIB))
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), size }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), size, isLate: fc.boolean() }) },
  fc.record({ kind: fc.constant('patch' as const), back: fc.nat(2 * MIB), size: fc.nat(600) }),
  fc.record({ kind: fc.constant('moveTo' as const), to: fc.integer({ min: -MIB, max: 2 * MIB }) }),
  fc.record({ kind: fc.constant('store' as const) }),
)

test('a file is what an array of the same bytes would be, below and above the mark and across it', async () => {
  // Zeros up to here: only what comes after is looked at.
  const start = MARK - 2 * MIB
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      await handle.truncate(0)
      const file = growingFile(join(folder, 'a'), await open(join(folder, 'a'), 'r+'))
      const model = new Uint8Array(20 * MIB)
      await file.moveTo(MARK - 700_000)
      for (const [turn, one] of steps.entries()) {
        const { position } = file
        if (one.kind === 'append') {
          const chunk = data.slice(turn * 1000, turn * 1000 + one.size)
          model.set(chunk, position - start)
          await file.append(chunk)
          chunk.fill(0xaa)
          expect(file.position).toBe(position + one.size)
        } else if (one.kind === 'take') {
          const bytes = data.subarray(turn * 1000, turn * 1000 + one.size)
          model.set(bytes, position - start)
          await file.take(blocks(bytes, one.isLate ? setImmediate : undefined))
          expect(file.position).toBe(position + one.size)
        } else if (one.kind === 'patch') {
          const offset = Math.max(start, position - one.back)
          const bytes = data.subarray(turn, turn + Math.min(one.size, position - offset))
          model.set(bytes, offset - start)
          await file.patch(offset, bytes)
        } else if (one.kind === 'moveTo') {
          await file.moveTo(MARK + one.to)
          model.fill(0, MARK + one.to - start)
          expect(file.position).toBe(MARK + one.to)
        } else await file.store()
      }
      await file.store()
      expect(Buffer.compare(await from(start), model.subarray(0, file.position - start))).toBe(0)
      await file.close()
      await file.close()
    }),
    { numRuns: 25 },
  )
})

test('only what lies behind the first 32 MiB goes straight to the disk', async () => {
  const file = growing()
  await file.moveTo(MARK - 10)
  await file.append(data.subarray(0, MIB))
  expect(directly.directFile).not.toHaveBeenCalled()
  await file.append(data.subarray(0, MIB))
  await file.append(data.subarray(0, MIB))
  expect(directly.directFile).toHaveBeenCalledTimes(1)
  await file.close()
})

test('where nothing goes straight to the disk the file is the same', async () => {
  vi.mocked(directly.directFile).mockResolvedValueOnce(undefined)
  const file = growing()
  await file.moveTo(MARK)
  for (const end of [1, 2]) await file.append(data.subarray(0, end * MIB))
  await file.store()
  const written = await from(MARK)
  expect(Buffer.compare(written, Buffer.concat([data.subarray(0, MIB), data.subarray(0, 2 * MIB)]))).toBe(0)
  expect(directly.directFile).toHaveBeenCalledTimes(1)
  await file.close()
})

test.each([
  { from: 0, length: 3 * MIB - 7 },
  { from: 12_345, length: 3 * MIB },
  { from: MARK - MIB, length: 3 * MIB },
  { from: MARK - 4097, length: 9 * MIB + 1 },
  { from: MARK + 1, length: 5 * MIB },
])('what is taken from $from on is there, with what is patched and comes after', async ({ from: start, length }) => {
  const file = growing()
  const bytes = Uint8Array.from({ length }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)
  await file.append(data.subarray(0, Math.min(start, 512)))
  if (start > 512) await file.moveTo(start)
  await file.take(blocks(bytes))
  expect(file.position).toBe(start + length)
  await file.patch(start + 10, data.subarray(500, 900))
  await file.patch(start + length - 1, data.subarray(77, 78))
  bytes.set(data.subarray(500, 900), 10)
  bytes.set(data.subarray(77, 78), length - 1)
  for (const part of [data.subarray(0, 1000), data.subarray(5)]) await file.append(part)
  await file.take(blocks(data.subarray(9, 99)))
  await file.store()
  const written = Buffer.concat([bytes, data.subarray(0, 1000), data.subarray(5), data.subarray(9, 99)])
  expect(Buffer.compare(await from(start), written)).toBe(0)
  expect(file.position).toBe(start + written.length)
  expect(directly.directFile).toHaveBeenCalledTimes(start + written.length > MARK ? 1 : 0)
  await file.close()
})

test('few bytes, whose number is known, take no more memory than they have', async () => {
  const rings = vi.fn(SharedArrayBuffer)
  vi.stubGlobal('SharedArrayBuffer', rings)
  try {
    const file = growing()
    const asked: number[] = []
    const { fill } = blocks(data.subarray(0, 5000))
    await file.take({ size: 5000, fill: (block) => (asked.push(block.length), fill(block)) })
    await file.take({ size: 0, fill: () => ({ length: 0 }) })
    expect([file.position, Math.max(...asked)]).toEqual([5000, 5000])
    expect(rings).not.toHaveBeenCalled()
    await file.take({ size: 2 * MIB, fill: blocks(data.subarray(5000, 5000 + 2 * MIB)).fill })
    await file.take({ size: 7, fill: blocks(data.subarray(0, 7)).fill })
    expect(rings).toHaveBeenCalledTimes(1)
    await file.store()
  } finally {
    vi.unstubAllGlobals()
  }
  const expected = Buffer.concat([data.subarray(0, 5000 + 2 * MIB), data.subarray(0, 7)])
  expect(Buffer.compare(await from(0), expected)).toBe(0)
})

describe('bytes that could not be written', () => {
  const failing = () => Promise.reject(new Error('EIO'))

  test.each(['append', 'take', 'patch', 'moveTo', 'store'] as const)('fail %s', async (kind) => {
    const broken = { write: vi.fn(failing), close: vi.fn().mockResolvedValue(undefined) }
    vi.mocked(directly.directFile).mockResolvedValueOnce(broken)
    const file = growing()
    await file.moveTo(MARK)
    await file.append(data)
    await vi.waitFor(() => expect(broken.write.mock.settledResults.at(0)?.type).toBe('rejected'))
    await setImmediate()
    const position = MARK + data.length
    const failed = {
      append: () => file.append(data),
      take: () => file.take(blocks(data)),
      patch: () => file.patch(MARK, data.subarray(0, 1)),
      moveTo: () => file.moveTo(MARK),
      store: () => file.store(),
    }[kind]
    await expect(failed()).rejects.toThrow('EIO')
    expect(file.position).toBe(position)
    await file.close()
    expect(broken.close).toHaveBeenCalled()
  })

  /** Has the system refuse what comes after. */
  const fullDisk = () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    const prototype = Object.getPrototypeOf(handle) as FileHandle // of all of them
    vi.spyOn(prototype, 'write').mockRejectedValue(full)
    return full
  }

  test.each([
    ['append', 0],
    ['append', MARK],
    ['take', 0],
    ['take', MARK],
  ] as const)('fail %s from %i on with what is made of what the system says', async (kind, start) => {
    const told = vi.fn((cause: unknown) => new Error('told', { cause }))
    const file = growingFile(join(folder, 'a'), handle, told)
    await file.moveTo(start)
    const full = fullDisk()
    const bytes = new Uint8Array(20 * MIB)
    const failed = kind === 'append' ? file.append(bytes) : file.take(blocks(bytes))
    await expect(failed).rejects.toMatchObject({ message: 'told', cause: full })
    expect(told).toHaveBeenCalledWith(full)
    await file.close()
  })

  test('are told of at the end, where nothing comes after', async () => {
    const file = growingFile(join(folder, 'a'), handle, (cause) => new Error('told', { cause }))
    fullDisk()
    await file.take(blocks(data.subarray(0, 10)))
    await expect(file.store()).rejects.toThrow('told')
    await expect(file.store()).rejects.toThrow('told')
    await file.close()
  })

  test('are not on their way any more when the file is closed', async () => {
    let busy = 0
    const write = vi.fn(async () => {
      busy += 1
      await setTimeout(30)
      busy -= 1
    })
    const busyAtClose = vi.fn()
    const close = () => Promise.resolve(void busyAtClose(busy))
    vi.mocked(directly.directFile).mockResolvedValueOnce({ write, close })
    const file = growing()
    await file.moveTo(MARK)
    await file.take(blocks(new Uint8Array(9 * MIB)))
    await setTimeout(10)
    expect(busy).toBeGreaterThan(0)
    await file.close()
    expect(write.mock.calls.length).toBeGreaterThanOrEqual(4)
    expect(busyAtClose.mock.calls).toEqual([[0]])
  })
})

test.each<[string, (error: Error) => Blocks]>([
  [
    'filling',
    (error) => ({
      fill() {
        throw error
      },
    }),
  ],
  ['reading', (error) => blocks(data, () => Promise.reject(error))],
  ['looking', (error) => ({ ...blocks(data), look: () => Promise.reject(error) })],
])('an error of %s is thrown as it is', async (_, taken) => {
  const told = vi.fn((cause: unknown) => new Error('told', { cause }))
  const error = new Error('of the blocks')
  for (const start of [0, MARK]) {
    const file = growingFile(join(folder, 'a'), await open(join(folder, 'a'), 'r+'), told)
    await file.moveTo(start)
    await expect(file.take(taken(error))).rejects.toBe(error)
    await file.close()
  }
  expect(told).not.toHaveBeenCalled()
})

test('the file is closed, though the other way to it cannot be', async () => {
  const close = vi.fn().mockRejectedValue(new Error('EIO'))
  vi.mocked(directly.directFile).mockResolvedValueOnce({ write: () => Promise.resolve(), close })
  const file = growing()
  await file.moveTo(MARK)
  await file.append(data)
  await expect(file.close()).rejects.toThrow('EIO')
  expect(handle.fd).toBe(-1)
})
