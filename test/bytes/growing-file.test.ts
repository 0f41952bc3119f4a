import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as directly from '../../src/bytes/direct-blocks.js'
import { growingFile } from '../../src/bytes/growing-file.js'

// As it is, but watched.
vi.mock('../../src/bytes/direct-blocks.js', async (original) => {
  const actual = await original<typeof directly>()
  return { ...actual, directBlocks: vi.fn(actual.directBlocks) }
})

const MIB = 1024 * 1024
const MARK = 32 * MIB
// No two stretches of it are the same.
const data = Uint8Array.from({ length: 3 * MIB }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)

let folder = ''
let handle: FileHandle
beforeEach(async () => {
  vi.mocked(directly.directBlocks).mockClear()
  folder = await mkdtemp(join(tmpdir(), 'imgtar-growing-'))
  handle = await open(join(folder, 'a'), 'wx+')
})
afterEach(async () => {
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

const size = fc.oneof(fc.nat(9000), fc.nat(MIB), fc.constantFrom(4096, MIB))
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), size }) },
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
  expect(directly.directBlocks).not.toHaveBeenCalled()
  await file.append(data.subarray(0, MIB))
  await file.append(data.subarray(0, MIB))
  expect(directly.directBlocks).toHaveBeenCalledTimes(1)
  await file.close()
})

test('where nothing goes straight to the disk the file is the same', async () => {
  vi.mocked(directly.directBlocks).mockResolvedValueOnce(undefined)
  const file = growing()
  await file.moveTo(MARK)
  for (const end of [1, 2]) await file.append(data.subarray(0, end * MIB))
  await file.store()
  const written = await from(MARK)
  expect(Buffer.compare(written, Buffer.concat([data.subarray(0, MIB), data.subarray(0, 2 * MIB)]))).toBe(0)
  expect(directly.directBlocks).toHaveBeenCalledTimes(1)
  await file.close()
})

test.each(['append', 'patch', 'moveTo', 'store'] as const)('bytes that could not be written fail %s', async (kind) => {
  const broken = {
    write: vi.fn().mockResolvedValueOnce(undefined).mockRejectedValue(new Error('EIO')),
    settle: vi.fn().mockRejectedValue(new Error('EIO')),
    close: vi.fn().mockResolvedValue(undefined),
  }
  vi.mocked(directly.directBlocks).mockResolvedValueOnce(broken)
  const file = growing()
  await file.moveTo(MARK)
  await file.append(data)
  const position = MARK + data.length
  const failed = {
    append: () => file.append(data),
    patch: () => file.patch(MARK, data.subarray(0, 1)),
    moveTo: () => file.moveTo(MARK),
    store: () => file.store(),
  }[kind]
  await expect(failed()).rejects.toThrow('EIO')
  expect(file.position).toBe(position)
  await file.close()
  expect(broken.close).toHaveBeenCalled()
})

test('the file is closed, though the other way to it cannot be', async () => {
  const close = vi.fn().mockRejectedValue(new Error('EIO'))
  const broken = { write: () => Promise.resolve(), settle: () => Promise.resolve(), close }
  vi.mocked(directly.directBlocks).mockResolvedValueOnce(broken)
  const file = growing()
  await file.moveTo(MARK)
  await file.append(data)
  await expect(file.close()).rejects.toThrow('EIO')
  expect(handle.fd).toBe(-1)
})
