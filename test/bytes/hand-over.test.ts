import { expect, test } from 'vitest'
import { handOver } from '../../src/bytes/hand-over.js'

test('a second reader gets every chunk, in order, before the first goes on', async () => {
  const second = handOver()
  const seen: number[] = []
  const reading = (async () => {
    for await (const chunk of second.chunks) seen.push(chunk[0] ?? -1)
  })()
  for (let at = 0; at < 100; at++) {
    await second.push(Uint8Array.of(at))
    expect(seen.at(-1)).toBe(at)
  }
  second.end()
  await reading
  expect(seen).toEqual(Array.from({ length: 100 }, (_, at) => at))
})

test('a second reader that leaves holds nobody up', async () => {
  const second = handOver()
  const reading = (async () => {
    for await (const chunk of second.chunks) if (chunk[0] === 1) break
  })()
  for (let at = 0; at < 5; at++) await second.push(Uint8Array.of(at))
  second.end()
  await reading
})
