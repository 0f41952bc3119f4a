import { constants } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { blockRing, type BlockRing, type WriteBytes } from '../../src/bytes/block-ring.js'
import { directFile, type DirectFile } from '../../src/bytes/direct-file.js'

const BLOCK = 4096
const MIB = 1024 * 1024
// No two stretches of it are the same. It begins on a page, as what goes straight to the disk must.
const data = new Uint8Array(new SharedArrayBuffer(9 * MIB, { maxByteLength: 9 * MIB }))
for (let at = 0; at < data.length; at++) data[at] = Math.imul(at, 0x9e3779b1) >>> 24

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
let direct: DirectFile
/** The memory from which everything goes to the file that way. */
let ring: BlockRing

type WriteSome = (bytes: Uint8Array, at: number, length: number, position: number) => Promise<{ bytesWritten: number }>

/** What is asked of the system; `mockImplementationOnce` has it do otherwise. */
function watched(handle: FileHandle) {
  const prototype = Object.getPrototypeOf(handle) as { write: WriteSome } // of all file handles
  return vi.spyOn(prototype, 'write')
}

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
const whole = async (): Promise<Uint8Array> => new Uint8Array(await readFile(file))
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** From a buffer that is overwritten as soon as it is given back. */
async function give(bytes: Uint8Array): Promise<void> {
  const chunk = bytes.slice()
  await ring.write(chunk)
  chunk.fill(0xaa)
}

/** Has them put right where they are written from. */
async function lend(bytes: Uint8Array): Promise<void> {
  let done = 0
  await ring.take({
    fill(block) {
      const part = bytes.subarray(done, (done += block.length))
      block.set(part)
      return { length: part.length }
    },
  })
}

describe.skipIf(probe === undefined)('bytes that go straight to the disk', () => {
  beforeAll(async () => {
    cached = await open(file, 'r+')
  })
  beforeEach(async () => {
    await cached.truncate(0)
    edges = []
    const made = await directFile(file, anyway)
    if (made === undefined) throw new Error('the file system has changed its mind')
    direct = made
    ring = blockRing(direct.write, 0)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await ring.idle()
    await direct.close()
  })
  afterAll(() => cached.close())

  test('lie where they belong, wherever they begin and however they come', async () => {
    const size = fc.oneof(fc.nat(3 * BLOCK), fc.nat(2 * MIB), fc.constantFrom(BLOCK, MIB, 2 * MIB, 7 * MIB))
    const run = fc.record({
      to: fc.oneof(fc.constant(undefined), fc.nat(2 * BLOCK), fc.nat(9 * MIB)),
      all: fc.array(fc.record({ size, put: fc.constantFrom(give, lend) }), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.nat(BLOCK), fc.array(run, { maxLength: 4 }), async (start, runs) => {
        await cached.truncate(0)
        ring = blockRing(direct.write, start)
        const model = new Uint8Array(130 * MIB)
        let end = 0
        for (const { to, all } of runs) {
          if (to !== undefined) ring.moveTo(to)
          for (const { size, put } of all) {
            const at = ring.position
            const bytes = data.subarray(at % MIB, (at % MIB) + size)
            model.set(bytes, at)
            await put(bytes)
            if (size > 0) end = Math.max(end, at + size)
          }
          await ring.settle()
        }
        expect(same(await whole(), model.subarray(0, end))).toBe(true)
      }),
      { numRuns: 15 },
    )
  })

  test('are all but what is no whole block', async () => {
    const write = watched(cached)
    ring = blockRing(direct.write, 1000)
    for (let at = 1000, size = 1; at < 5 * MIB; at += size, size = (size * 3) % 70_001) {
      await give(data.subarray(at, at + size))
    }
    await ring.settle()
    expect(edges.every(([, length]) => length < BLOCK)).toBe(true)
    expect(edges.at(0)).toEqual([1000, 3096])
    const straight = write.mock.calls.filter(([, , length]) => length >= BLOCK)
    expect(straight.length).toBeGreaterThan(0)
    expect(straight.every(([, , length, position]) => length % BLOCK === 0 && position % BLOCK === 0)).toBe(true)
  })

  test.each([
    { at: 0, length: BLOCK, others: [] },
    { at: 0, length: BLOCK - 1, others: [[0, BLOCK - 1]] },
    { at: 10, length: 20, others: [[10, 20]] },
    { at: 2 * BLOCK - 1, length: 1, others: [[2 * BLOCK - 1, 1]] },
    {
      at: BLOCK - 7,
      length: BLOCK + 8,
      others: [
        [BLOCK - 7, 7],
        [2 * BLOCK, 1],
      ],
    },
  ])('are whole blocks: of $length bytes at $at the others are $others', async ({ at, length, others }) => {
    const bytes = data.subarray(at, at + length)
    await direct.write(bytes, at)
    expect(edges).toEqual(others)
    expect(same((await whole()).subarray(at), bytes)).toBe(true)
  })

  test('can be written elsewhere when all are settled, also before those', async () => {
    ring.moveTo(2 * MIB)
    await give(data.subarray(0, 3 * MIB + 5))
    await ring.settle()
    ring.moveTo(100)
    await give(data.subarray(MIB, 2 * MIB + 17))
    await ring.settle()
    const written = await whole()
    expect(same(written.subarray(100, MIB + 117), data.subarray(MIB, 2 * MIB + 17))).toBe(true)
    expect(same(written.subarray(2 * MIB), data.subarray(0, 3 * MIB + 5))).toBe(true)
    expect(written).toHaveLength(5 * MIB + 5)
    expect(edges.every(([, length]) => length < BLOCK)).toBe(true)
  })

  test('are copies, however long the disk takes', async () => {
    const { write: actual } = Object.getPrototypeOf(cached) as { write: WriteSome } // of all file handles
    watched(cached).mockImplementation(async function late(this: FileHandle, ...args) {
      await setTimeout(10)
      return actual.apply(this, args)
    })
    for (let at = 0; at < data.length; at += 700_001) await give(data.subarray(at, at + 700_001))
    await ring.settle()
    expect(same(await whole(), data)).toBe(true)
  })

  test('are written otherwise once the file system refuses them', async () => {
    const write = watched(cached).mockImplementationOnce(failing('EINVAL'))
    await direct.write(data.subarray(0, MIB), 0)
    expect(edges).toEqual([[0, MIB]])
    expect(write).toHaveBeenCalledTimes(2)
    await direct.write(data.subarray(MIB), MIB)
    expect(edges).toContainEqual([MIB, 8 * MIB])
    expect(write).toHaveBeenCalledTimes(3)
    expect(same(await whole(), data)).toBe(true)
  })

  test('are all there where the file system refuses those of them that come first', async () => {
    watched(cached).mockImplementationOnce(failing('EINVAL'))
    await give(data)
    await ring.settle()
    expect(same(await whole(), data)).toBe(true)
    expect(edges).toContainEqual([0, 2 * MIB])
    // Those that were on their way by then may have gone straight, no others.
    expect(edges.length).toBeGreaterThanOrEqual(3)
  })

  test('are written on where the system took a part of them', async () => {
    const { write: actual } = Object.getPrototypeOf(cached) as { write: WriteSome } // of all file handles
    watched(cached).mockImplementationOnce((bytes, at, _, position) => actual.call(cached, bytes, at, BLOCK, position))
    await direct.write(data, 0)
    expect(same(await whole(), data)).toBe(true)
    expect(edges).toEqual([[BLOCK, 9 * MIB - BLOCK]])
  })

  test('that could not be written at all fail what comes after, again and again', async () => {
    watched(cached).mockImplementation(failing('ENOSPC'))
    // More than there is memory for.
    await expect(give(data).then(() => give(data))).rejects.toThrow('ENOSPC')
    await expect(give(data)).rejects.toThrow('ENOSPC')
    await expect(lend(data)).rejects.toThrow('ENOSPC')
    await expect(ring.settle()).rejects.toThrow('ENOSPC')
    await expect(ring.settle()).rejects.toThrow('ENOSPC')
    await ring.idle()
  })

  test.each([
    { what: 'a whole block', at: 0, length: BLOCK },
    { what: 'what comes before the first of them', at: 1, length: BLOCK - 1 },
    { what: 'what comes behind the last of them', at: BLOCK, length: 1 },
  ])('are told of where not even $what could be written', async ({ at, length }) => {
    watched(cached).mockImplementation(failing('EIO'))
    await expect(direct.write(data.subarray(at, at + length), at)).rejects.toThrow('EIO')
  })

  test('that could not be written are told of when they are settled, where nothing comes after', async () => {
    watched(cached).mockImplementation(failing('ENOSPC'))
    await give(data.subarray(0, BLOCK))
    await expect(ring.settle()).rejects.toThrow('ENOSPC')
  })

  test('that failed are nobody’s where they were given up', async () => {
    const lost = vi.fn()
    process.on('unhandledRejection', lost)
    const write = watched(cached).mockImplementation(failing('EIO'))
    await give(data.subarray(0, 3 * MIB))
    await ring.idle()
    await direct.close()
    await setImmediate()
    process.off('unhandledRejection', lost)
    expect(write).toHaveBeenCalled()
    expect(lost).not.toHaveBeenCalled()
  })

  test('are not on their way any more when nothing is, also after a failure, and it may be closed twice', async () => {
    let busy = 0
    const slowly = async () => {
      busy += 1
      await setTimeout(50)
      busy -= 1
      return { bytesWritten: 2 * MIB }
    }
    watched(cached).mockImplementation(slowly).mockImplementationOnce(failing('EIO'))
    const failed = vi.fn(() => setTimeout(5).then(failing('EIO')))
    const others = await directFile(file, failed)
    if (others === undefined) throw new Error('the file system has changed its mind')
    // Three at once: the first fails soon, the others are being written then.
    ring = blockRing((bytes, at) => others.write(bytes, at), 0)
    await give(data.subarray(0, 6 * MIB))
    await setTimeout(20)
    expect(failed).toHaveBeenCalled()
    expect(busy).toBeGreaterThan(0)
    await ring.idle()
    expect(busy).toBe(0)
    await others.close()
    await others.close()
  })
})

test('there is no such way where the file is gone', async () => {
  expect(await directFile(join(folder, 'gone'), anyway)).toBeUndefined()
})

afterAll(() => rm(folder, { recursive: true }))
