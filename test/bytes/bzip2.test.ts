import { expect, test } from 'vitest'
import { concatenated } from '../support/chunks.js'
import { outcomeOf, SAMPLES, SEQ_60 } from '../support/compressed.js'

/** Bits, most significant first, of pairs of a value and how many bits it takes. */
function bits(...fields: readonly (readonly [value: number, count: number])[]): Uint8Array {
  const text = fields.map(([value, count]) => value.toString(2).padStart(count, '0')).join('')
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, '0')
  return Uint8Array.from({ length: padded.length / 8 }, (_, index) =>
    Number.parseInt(padded.slice(index * 8, index * 8 + 8), 2),
  )
}

const RUN_A: readonly [number, number] = [0, 2]
const END: readonly [number, number] = [2, 2]

/** A stream of one block over the single byte `a`, with two tables that give each of the three symbols two bits. */
function blockOf(symbols: readonly (readonly [number, number])[], origin = 0, randomised = 0): Uint8Array {
  const table: (readonly [number, number])[] = [
    [2, 5],
    [0, 1],
    [0, 1],
    [0, 1],
  ]
  return concatenated(
    new TextEncoder().encode('BZh1'),
    bits(
      [0x314159, 24],
      [0x265359, 24],
      [0, 32],
      [randomised, 1],
      [origin, 24],
      [0x0200, 16],
      [0x4000, 16], // row 6, column 1: 0x61
      [2, 3],
      [1, 15],
      [0, 1],
      ...table,
      ...table,
      ...symbols,
      [0x177245, 24],
      [0x385090, 24],
      [0, 32],
    ),
  )
}

test('a block by hand: three times a, with wrong CRCs as notices', async () => {
  const { bytes, notices, error } = await outcomeOf('bzip2', blockOf([RUN_A, RUN_A, END]))
  expect(error).toBeUndefined()
  expect(new TextDecoder().decode(bytes)).toBe('aaa')
  expect(notices).toMatchObject([
    { kind: 'checksum', offset: 4, message: expect.stringContaining('block') },
    { kind: 'checksum', message: expect.stringContaining('stream') },
  ])
})

test('a run longer than any block ends with an error, not in a loop', async () => {
  const { error } = await outcomeOf('bzip2', blockOf([...Array.from({ length: 40 }, () => RUN_A), END]))
  expect(error).toMatchObject({ code: 'ERR_COMPRESSION', message: expect.stringContaining('larger than announced') })
})

test.each([
  [
    'more symbols than the selectors cover',
    blockOf(
      Array.from({ length: 60 }, () => RUN_A)
        .fill([1, 2], 0, 1)
        .fill(END, 55),
    ),
    /./,
  ],
  ['a code without a symbol', blockOf([[3, 2]]), /stands for nothing/],
  ['a start outside the block', blockOf([RUN_A, END], 9), /outside/],
  ['a randomised block', blockOf([RUN_A, END], 0, 1), /randomised/],
])('%s is damage', async (_, stream, words) => {
  expect((await outcomeOf('bzip2', stream)).error).toMatchObject({
    code: 'ERR_COMPRESSION',
    message: expect.stringMatching(words),
  })
})

test('a run of 259 equal bytes is five bytes in the block, and the level may change between streams', async () => {
  const level1 = SAMPLES.bzip2.slice()
  level1[3] = 0x31
  expect((await outcomeOf('bzip2', concatenated(level1, SAMPLES.bzip2))).bytes).toEqual(concatenated(SEQ_60, SEQ_60))
})

test('a stream of level 0 is none', async () => {
  const level0 = SAMPLES.bzip2.slice()
  level0[3] = 0x30
  expect((await outcomeOf('bzip2', level0)).error).toMatchObject({ code: 'ERR_COMPRESSION', offset: 0 })
})

test('streams of nothing by the hundred thousand take no room for blocks, nor a move of what is unread for each', async () => {
  const empty = concatenated(new TextEncoder().encode('BZh9'), bits([0x177245, 24], [0x385090, 24], [0, 32]))
  const many = new Uint8Array(empty.length * 100_000)
  for (let at = 0; at < many.length; at += empty.length) many.set(empty, at)
  const before = process.cpuUsage()
  const { error, bytes } = await outcomeOf('bzip2', many)
  expect([error, bytes.length]).toEqual([undefined, 0])
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(10)
}, 60_000)
