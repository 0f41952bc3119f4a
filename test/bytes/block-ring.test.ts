import { setImmediate, setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { blockRing, type WriteBytes } from '../../src/bytes/block-ring.js'
import type { Blocks } from '../../src/bytes/blocks.js'

const BLOCK = 2 * 1024 * 1024
// No two stretches of it are the same.
const data = new Uint8Array(9 * BLOCK)
for (let at = 0; at < data.length; at++) data[at] = Math.imul(at, 0x9e3779b1) >>> 24

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** Everything that could go on without time passing has gone on. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

/** Things that are not done before they are let go, which may be in any order. */
function held() {
  let releases: (() => void)[] = []
  let isOpen = false
  return {
    wait: () => (isOpen ? setImmediate() : new Promise<void>((done) => void releases.push(done))),
    begun: () => releases.length,
    release: (one: number) => releases[one]?.(),
    open() {
      isOpen = true
      for (const release of releases) release()
      releases = []
    },
  }
}

/** A file in memory; what is to be in it is read when it is done, not when it is asked for. */
function disk(wait: () => Promise<unknown>, size = data.length) {
  const bytes = new Uint8Array(size)
  const state = { bytes, busy: 0, most: 0 }
  const write: WriteBytes = async (part, position) => {
    state.busy += 1
    state.most = Math.max(state.most, state.busy)
    await wait().finally(() => (state.busy -= 1))
    bytes.set(part, position)
  }
  return { state, write }
}

/** The bytes, after something else is all over the block: it is for nobody but whoever fills it. */
function blocks(bytes: Uint8Array, late?: () => Promise<unknown>) {
  let done = 0
  return {
    fill: vi.fn<Blocks['fill']>((block) => {
      const part = bytes.subarray(done, done + block.length)
      done += part.length
      block.fill(0xaa)
      if (late !== undefined) return { length: part.length, ready: late().then(() => block.set(part)) }
      block.set(part)
      return { length: part.length }
    }),
  }
}

/** Whoever looks, and reads what there is when it is done. */
function looker(wait: () => Promise<unknown>) {
  const seen: Uint8Array[] = []
  const done = new Set<number>()
  const look = vi.fn(async (part: Uint8Array): Promise<void> => {
    const turn = seen.push(part) - 1
    await wait()
    seen[turn] = part.slice()
    done.add(turn)
  })
  /** Each part lies behind the one before, or at the start of the memory when that was at its end. */
  const isInARow = (): boolean =>
    look.mock.calls.slice(1).every(([{ byteOffset, buffer }], turn) => {
      const { byteOffset: start = 0, length = 0 } = look.mock.calls[turn]?.[0] ?? {}
      return byteOffset === (start + length) % buffer.byteLength
    })
  return { look, isInARow, all: () => Buffer.concat(seen), done: () => done.size }
}

/** Waits for so many milliseconds, one after the other and from the start again. */
function delays(times: readonly number[]): () => Promise<unknown> {
  let turn = 0
  return () => setTimeout(times[turn++ % times.length])
}

function refuse(): never {
  throw new RangeError('Array buffer allocation failed')
}

const lost = vi.fn()
beforeEach(() => void process.on('unhandledRejection', lost))
afterEach(async () => {
  vi.unstubAllGlobals()
  await quiet()
  process.off('unhandledRejection', lost)
  expect(lost).not.toHaveBeenCalled()
})

const size = fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(6500), fc.constantFrom(1000, 2000, 5000)) // thousandths of blocks
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('write', 'take', 'take late'), size }) },
  fc.record({ kind: fc.constantFrom('settle', 'moveTo'), size }),
)

test.each([
  { where: 'memory that begins on a page', block: BLOCK, numRuns: 8 },
  { where: 'what memory there is, where there is no other', block: 64 * 1024, numRuns: 60 },
])('the file is what an array of the same bytes would be, with $where', async ({ block, numRuns }) => {
  if (block < BLOCK) vi.stubGlobal('SharedArrayBuffer', refuse)
  const steps = fc.array(step, { minLength: 2, maxLength: 6 })
  const times = fc.array(fc.nat(4), { minLength: 7, maxLength: 7 })
  await fc.assert(
    fc.asyncProperty(fc.nat(3 * block), steps, times, async (start, all, times) => {
      const wait = delays(times)
      const { state, write } = disk(wait, 45 * block)
      const model = new Uint8Array(45 * block)
      const ring = blockRing(write, start)
      for (const [turn, { kind, size }] of all.entries()) {
        const { position } = ring
        const bytes = data.subarray(turn * 1000, turn * 1000 + Math.floor((size / 1000) * block))
        if (kind === 'settle' || kind === 'moveTo') {
          await ring.settle()
          expect(same(state.bytes, model)).toBe(true)
          if (kind === 'moveTo') ring.moveTo(bytes.length)
          expect(ring.position).toBe(kind === 'moveTo' ? bytes.length : position)
          continue
        }
        model.set(bytes, position)
        if (kind === 'write') {
          const chunk = bytes.slice()
          await ring.write(chunk)
          chunk.fill(0xaa)
        } else {
          const { look, isInARow, all } = looker(wait)
          await ring.take({ ...blocks(bytes, kind === 'take' ? undefined : wait), look })
          expect(same(all(), bytes)).toBe(true)
          expect(isInARow()).toBe(true)
          const isShared = ({ buffer }: Uint8Array) => buffer instanceof SharedArrayBuffer
          expect(look.mock.calls.every(([part]) => isShared(part) === (block === BLOCK))).toBe(true)
        }
        expect(ring.position).toBe(position + bytes.length)
      }
      await ring.settle()
      expect(same(state.bytes, model)).toBe(true)
      expect(state.most).toBeLessThanOrEqual(3)
      expect(state.busy).toBe(0)
    }),
    { numRuns },
  )
})

describe('blocks', () => {
  test('are written three at a time, and filled again when they are written and looked at', async () => {
    const [writes, looks] = [held(), held()]
    const { state, write } = disk(writes.wait)
    const ring = blockRing(write, 0)
    const { look, all } = looker(looks.wait)
    const { fill } = blocks(data)
    const taking = ring.take({ fill, look })
    await quiet()
    expect([fill.mock.calls.length, writes.begun(), looks.begun()]).toEqual([5, 3, 5])
    writes.release(0)
    await quiet()
    expect([fill.mock.calls.length, writes.begun()]).toEqual([5, 4])
    for (const { of, one, fills } of [
      { of: looks, one: 0, fills: 6 },
      { of: looks, one: 1, fills: 6 },
      { of: writes, one: 1, fills: 7 },
    ]) {
      of.release(one)
      await quiet()
      expect(fill).toHaveBeenCalledTimes(fills)
    }
    writes.open()
    looks.open()
    await taking
    await ring.settle()
    expect(same(all(), data)).toBe(true)
    expect(same(state.bytes, data)).toBe(true)
    expect(state.most).toBe(3)
  })

  test('that are ready late, and the last of them first, are in order all the same', async () => {
    const ready = held()
    const { state, write } = disk(setImmediate)
    const ring = blockRing(write, 0)
    const { look, all } = looker(setImmediate)
    const bytes = data.subarray(0, 4 * BLOCK + 77)
    const taking = ring.take({ ...blocks(bytes, ready.wait), look })
    await quiet()
    expect(ready.begun()).toBe(5)
    for (const late of [4, 3, 2, 1]) {
      ready.release(late)
      await quiet()
      expect(look).not.toHaveBeenCalled()
      expect(ring.position).toBe(0)
    }
    ready.release(0)
    await taking
    await ring.settle()
    expect(same(all(), bytes)).toBe(true)
    expect(same(state.bytes.subarray(0, bytes.length), bytes)).toBe(true)
  })

  test('are waited for by whoever asks, also when somebody else waits already', async () => {
    const writes = held()
    const { state, write } = disk(writes.wait)
    const ring = blockRing(write, 0)
    await ring.write(data.subarray(0, 2 * BLOCK + 1))
    const settled = ring.settle()
    const idle = vi.fn()
    const waiting = ring.idle().then(idle)
    await quiet()
    for (const one of [1, 2]) writes.release(one)
    await quiet()
    expect(state.busy).toBe(1)
    expect(idle).not.toHaveBeenCalled()
    writes.open()
    await Promise.all([settled, waiting])
  })

  test.each([0, 2, 3])('are all looked at when they are taken, also the one numbered %i of four', async (last) => {
    const looks = held()
    const ring = blockRing(disk(setImmediate).write, 0)
    const { look, done } = looker(looks.wait)
    const taken = vi.fn()
    const taking = ring.take({ ...blocks(data.subarray(0, 3 * BLOCK + 5)), look }).then(taken)
    await quiet()
    expect(looks.begun()).toBe(4)
    for (const one of [0, 1, 2, 3].filter((one) => one !== last)) looks.release(one)
    await quiet()
    expect(done()).toBe(3)
    expect(taken).not.toHaveBeenCalled()
    looks.release(last)
    await taking
    expect(done()).toBe(4)
  })
})

describe('an error', () => {
  const error = new Error('of the blocks')
  const fail = (): never => {
    throw error
  }
  /** Does something else than `usual` the `turn`th time. */
  const onTurn =
    <A extends unknown[], R>(turn: number, usual: (...all: A) => R, unusual: () => R) =>
    (...all: A): R =>
      turn-- === 0 ? unusual() : usual(...all)
  const rejected = (): Promise<never> => setTimeout(3).then(fail)
  const late = delays([4, 1, 6, 0])
  const look = () => late().then(() => undefined)
  const filling = (turn: number) => ({ fill: onTurn(turn, blocks(data, late).fill, fail), look })
  const ready = (turn: number) => ({ fill: blocks(data, onTurn(turn, late, rejected)).fill, look })

  test.each<[string, () => Blocks]>([
    ['of the first filling', () => filling(0)],
    ['of a filling', () => filling(3)],
    ['of a filling that comes again', () => filling(6)],
    ['of the first to be ready', () => ready(0)],
    ['of something ready later', () => ready(2)],
    ['of the last to be ready', () => ready(9)],
    ['of the first look', () => ({ ...blocks(data, late), look: onTurn(0, look, rejected) })],
    ['of a look', () => ({ ...blocks(data), look: onTurn(4, look, rejected) })],
    ['of the last look', () => ({ ...blocks(data), look: onTurn(8, look, rejected) })],
    ['of a look at once', () => ({ ...blocks(data), look: onTurn(1, look, fail) })],
  ])('%s is what comes of the taking, and of nothing else', async (_, taken) => {
    const { state, write } = disk(late)
    const ring = blockRing(write, 0)
    await expect(ring.take(taken())).rejects.toBe(error)
    await ring.idle()
    expect(state.busy).toBe(0)
  })

  test.each(['write', 'take', 'settle'] as const)('of the file fails each %s that comes after', async (kind) => {
    const full = new Error('ENOSPC')
    const ring = blockRing(() => setTimeout(1).then(() => Promise.reject(full)), 0)
    await ring.write(data.subarray(0, BLOCK))
    await setTimeout(5)
    const bytes = data.subarray(0, 10)
    for (let turn = 0; turn < 3; turn++) {
      const failed = kind === 'write' ? ring.write(bytes) : kind === 'take' ? ring.take(blocks(bytes)) : ring.settle()
      await expect(failed).rejects.toBe(full)
    }
    await ring.idle()
  })

  test('of the file does not end the waiting for what is on its way', async () => {
    const writes = held()
    const { state, write } = disk(writes.wait)
    const ring = blockRing(onTurn(0, write, rejected), 0)
    await expect(ring.take({ ...blocks(data), look })).rejects.toBe(error)
    void setTimeout(10).then(() => writes.open())
    expect(state.busy).toBeGreaterThan(0)
    await ring.idle()
    expect(state.busy).toBe(0)
  })
})
