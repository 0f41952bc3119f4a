import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { outputTo, writeAll } from '../../src/cli/output.js'

const failing = (code: string): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  })

test('what is written arrives in order, and each piece is waited for', async () => {
  const seen: string[] = []
  let waiting = 0
  const slow = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      waiting += 1
      expect(waiting).toBe(1)
      seen.push(chunk)
      setTimeout(() => {
        waiting -= 1
        done()
      }, 1)
    },
  })
  const lines = Array.from({ length: 30_000 }, (_, index) => `${index}\n`)
  await writeAll(outputTo(slow), lines)
  expect(seen.join('')).toBe(lines.join(''))
  expect(seen.length).toBeLessThan(10)
})

test('a reader that has gone is no error', async () => {
  const output = outputTo(failing('EPIPE'))
  await output.write('a')
  await output.write('b')
  await output.end()
})

test('any other failure of the stream is one, at once and later', async () => {
  const output = outputTo(failing('ENOSPC'))
  await expect(writeAll(output, ['a'])).rejects.toThrow('ENOSPC')
  await expect(output.end()).rejects.toThrow('ENOSPC')
})
