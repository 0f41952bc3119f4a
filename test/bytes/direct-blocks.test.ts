import { constants } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { directBlocks, type DirectBlocks, type WriteBytes } from '../../src/bytes/direct-blocks.js'

const BLOCK = 4096
const MIB = 1024 * 1024
// No two stretches of it are the same.
const data = Uint8Array.from({ length: 9 * MIB }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 24)

const folder = await mkdtemp(join(tmpdir(), 'imgtar-direct-'))
const file = join(folder, 'a')
await writeFile(file, '')
// Not every system has it, nor every file system.
const flags = 'O_DIRECT' in constants ? constants.O_WRONLY | constants.O_DIRECT : undefined
const probe = flags === undefined ? undefined : await open(file, flags).catch(() => undefined)
await probe?.close()

/** Writes through the cache, and notes what. */
let cached: FileHandle
let edges: [position: number, length: number][] = []
const anyway: WriteBytes = async (bytes, position) => {
  edges.push([position, bytes.length])
  await cached.write(bytes, 0, bytes.length, position)
}
let write: ReturnType<typeof watched>
let blocks: DirectBlocks

/** What goes straight to the disk; `mockImplementationOnce` has the system do otherwise. */
function watched(handle: FileHandle) {
  const prototype = Object.getPrototypeOf(handle) as { write: WriteSome } // of all file handles
  return vi.spyOn(prototype, 'write')
}
type WriteSome = (bytes: Uint8Array, at: number, length: number, position: number) => Promise<{ bytesWritten: number }>

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
const whole = async (): Promise<Uint8Array> => new Uint8Array(await readFile(file))
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** From a buffer that is overwritten as soon as it is given back. */
async function give(bytes: Uint8Array, position: number): Promise<void> {
  const chunk = bytes.slice()
  await blocks.write(chunk, position)
  chunk.fill(0xaa)
}

describe.skipIf(probe === undefined)('blocks that go straight to the disk', () => {
  beforeAll(async () => {
    cached = await open(file, 'r+')
  })
  beforeEach(async () => {
    await cached.truncate(0)
    edges = []
    const made = await directBlocks(file, anyway)
    if (made === undefined) throw new Error('the file system has changed its mind')
    blocks = made
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await blocks.close()
  })
  afterAll(() => cached.close())

  test('lie where they belong, wherever they begin and however they come', async () => {
    const sizes = fc.oneof(fc.nat(3 * BLOCK), fc.nat(2 * MIB), fc.constantFrom(BLOCK, MIB, 2 * MIB))
    const run = fc.record({
      gap: fc.oneof(fc.constant(0), fc.nat(2 * BLOCK)),
      sizes: fc.array(sizes, { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 4 }), async (runs) => {
        await cached.truncate(0)
        const model = new Uint8Array(40 * MIB)
        let [at, end] = [0, 0]
        for (const { gap, sizes } of runs) {
          at += gap
          for (const size of sizes) {
            const bytes = data.subarray(at % MIB, (at % MIB) + size)
            model.set(bytes, at)
            await give(bytes, at)
            at += size
            if (size > 0) end = at
          }
          await blocks.settle()
        }
        expect(same(await whole(), model.subarray(0, end))).toBe(true)
      }),
      { numRuns: 15 },
    )
  })

  test('are all but what is no whole block', async () => {
    for (let at = 1000, size = 1; at < 5 * MIB; at += size, size = (size * 3) % 70_001) {
      await give(data.subarray(at, at + size), at)
    }
    await blocks.settle()
    expect(edges.every(([, length]) => length < BLOCK)).toBe(true)
    expect(edges.at(0)?.[0]).toBe(1000)
  })

  test('can be written elsewhere when all are settled, also before those', async () => {
    await give(data.subarray(0, 3 * MIB + 5), 2 * MIB)
    await blocks.settle()
    await give(data.subarray(MIB, 2 * MIB + 17), 100)
    await blocks.settle()
    const written = await whole()
    expect(same(written.subarray(100, MIB + 117), data.subarray(MIB, 2 * MIB + 17))).toBe(true)
    expect(same(written.subarray(2 * MIB), data.subarray(0, 3 * MIB + 5))).toBe(true)
    expect(written).toHaveLength(5 * MIB + 5)
    expect(edges.every(([, length]) => length < BLOCK)).toBe(true)
  })

  test('are copies, however long the disk takes', async () => {
    const { write: actual } = Object.getPrototypeOf(cached) as { write: WriteSome } // of all file handles
    write = watched(cached).mockImplementation(async function late(this: FileHandle, ...args) {
      await new Promise((done) => setTimeout(done, 10))
      return actual.apply(this, args)
    })
    for (let at = 0; at < data.length; at += 700_001) await give(data.subarray(at, at + 700_001), at)
    await blocks.settle()
    expect(same(await whole(), data)).toBe(true)
  })

  test('are written otherwise once the file system refuses them', async () => {
    write = watched(cached).mockImplementationOnce(failing('EINVAL'))
    await give(data, 0)
    await blocks.settle()
    expect(same(await whole(), data)).toBe(true)
    expect(edges.some(([position, length]) => position === 0 && length === MIB)).toBe(true)
    // Those that were on their way by then may have gone straight, no others.
    expect(edges.length).toBeGreaterThanOrEqual(5)
    write.mockClear()
    edges = []
    await give(data.subarray(0, 2 * MIB), 16 * MIB)
    await blocks.settle()
    expect(edges).toHaveLength(2)
    expect(write).toHaveBeenCalledTimes(2)
  })

  test('are written on where the system took a part of them', async () => {
    const short: WriteSome = (bytes, at, _, position) => actual.call(cached, bytes, at, BLOCK, position)
    const { write: actual } = Object.getPrototypeOf(cached) as { write: WriteSome } // of all file handles
    write = watched(cached).mockImplementationOnce(short)
    await give(data, 0)
    await blocks.settle()
    expect(same(await whole(), data)).toBe(true)
    expect(edges).toContainEqual([BLOCK, MIB - BLOCK])
  })

  test('that could not be written at all fail what comes after, again and again', async () => {
    write = watched(cached).mockImplementation(failing('ENOSPC'))
    await expect(give(data, 0)).rejects.toThrow('ENOSPC')
    await expect(give(data, 9 * MIB)).rejects.toThrow('ENOSPC')
    await expect(blocks.settle()).rejects.toThrow('ENOSPC')
    await expect(blocks.settle()).rejects.toThrow('ENOSPC')
    await blocks.close()
  })

  test('that could not be written are told of when they are settled, where nothing comes after', async () => {
    write = watched(cached).mockImplementation(failing('ENOSPC'))
    await give(data.subarray(0, BLOCK), 0)
    await expect(blocks.settle()).rejects.toThrow('ENOSPC')
  })

  test('that failed are nobody’s where they were given up', async () => {
    const lost = vi.fn()
    process.on('unhandledRejection', lost)
    write = watched(cached).mockImplementation(failing('EIO'))
    await give(data.subarray(0, 3 * MIB), 0)
    await blocks.close()
    await new Promise((done) => setImmediate(done))
    process.off('unhandledRejection', lost)
    expect(lost).not.toHaveBeenCalled()
  })

  test('are not on their way any more when it is closed, also after a failure, and that may happen twice', async () => {
    const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
    let open = 0
    const slowly = async () => {
      open += 1
      await pause(50)
      open -= 1
      return { bytesWritten: MIB }
    }
    write = watched(cached).mockImplementation(slowly).mockImplementationOnce(failing('EIO'))
    const failed = vi.fn(() => pause(5).then(failing('EIO')))
    const others = await directBlocks(file, failed)
    await others?.write(data.subarray(0, 3 * MIB + BLOCK), 0)
    await pause(20)
    expect(failed).toHaveBeenCalled()
    expect(open).toBeGreaterThan(0)
    await others?.close()
    expect(open).toBe(0)
    await others?.close()
  })
})

test('there are none where the file is gone, or the memory', async () => {
  expect(await directBlocks(join(folder, 'gone'), anyway)).toBeUndefined()
  vi.stubGlobal('ArrayBuffer', function refuse() {
    throw new RangeError('Array buffer allocation failed')
  })
  const none = await directBlocks(file, anyway).finally(() => vi.unstubAllGlobals())
  expect(none).toBeUndefined()
})

afterAll(() => rm(folder, { recursive: true }))
