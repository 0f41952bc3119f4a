import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/bytes/digest.js'
import { hashBehind } from '../../src/bytes/hash-behind.js'

let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'imgtar-behind-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const PIECE = Uint8Array.from({ length: 700_001 }, (_, at) => (at * 31) & 0xff)

describe.each([
  ['on a thread', 1],
  ['in the end, where that is not worth a thread', 1e9],
])('a file that is hashed %s', (_, worth) => {
  test('has the digest of all that was written to it', async () => {
    const file = join(folder, 'a')
    writeFileSync(file, '')
    using behind = hashBehind(file, worth)
    for (let round = 0; round < 6; round++) {
      appendFileSync(file, PIECE)
      behind.written(PIECE.length)
      await new Promise((resolve) => setTimeout(resolve, round * 5))
    }
    const whole = new Uint8Array(PIECE.length * 6)
    for (let round = 0; round < 6; round++) whole.set(PIECE, round * PIECE.length)
    expect(await behind.digest()).toBe(digestOf(whole))
  })

  test('may be empty', async () => {
    const file = join(folder, 'a')
    writeFileSync(file, '')
    using behind = hashBehind(file, worth)
    expect(await behind.digest()).toBe(digestOf(new Uint8Array(0)))
  })

  test('that has less than was told is refused', async () => {
    const file = join(folder, 'a')
    writeFileSync(file, PIECE)
    using behind = hashBehind(file, worth)
    behind.written(PIECE.length + 1)
    await expect(behind.digest()).rejects.toMatchObject({ code: 'ERR_TRUNCATED', location: file })
  })

  test('that is gone is an error of the output', async () => {
    using behind = hashBehind(join(folder, 'none'), worth)
    behind.written(7)
    await expect(behind.digest()).rejects.toMatchObject({ code: 'ERR_OUTPUT' })
  })
})

test('who gives up ends the thread, which waits for more', async () => {
  const file = join(folder, 'a')
  writeFileSync(file, PIECE)
  const behind = hashBehind(file, 1)
  behind.written(PIECE.length)
  behind[Symbol.dispose]()
  await expect(behind.digest()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})
