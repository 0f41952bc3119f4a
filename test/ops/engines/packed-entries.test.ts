import { expect, test } from 'vitest'
import { packedEntries } from '../../../src/ops/engines/packed-entries.js'

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

test('entries come out as they went in, a character a byte, whatever their names are', () => {
  const entries = packedEntries()
  const names = ['a', '', '\xe9\0\xff', 'n'.repeat(200_000), 'd/'.repeat(500), ...Array.from({ length: 9999 }, String)]
  const told = names.flatMap((name) => [
    { name, type: 'file', typeflag: '0', link: '' } as const,
    { name: `${name}!`, type: 'unknown', typeflag: '\xf7', link: name } as const,
  ])
  for (const { name, link, ...kind } of told) entries.add({ ...kind, rawPath: bytes(name), rawLinkPath: bytes(link) })
  expect(entries.length).toBe(told.length)
  expect([...entries]).toEqual(told)
  expect([...entries]).toEqual(told)
})

test('they take little more than their names', () => {
  const entries = packedEntries()
  const rawPath = bytes('usr/share/doc/package/copyright')
  const before = entries.bytes
  entries.add({ rawPath, rawLinkPath: bytes(''), type: 'file', typeflag: '0' })
  expect(entries.bytes - before).toBeLessThan(2 * rawPath.length)
})
