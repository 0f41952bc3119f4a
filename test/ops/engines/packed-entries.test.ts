import { expect, test } from 'vitest'
import { entryPacker } from '../../../src/ops/engines/packed-entries.js'

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

test('entries come out as they went in, a character a byte, whatever their names are', () => {
  const packer = entryPacker()
  const names = ['a', '', '\xe9\0\xff', 'n'.repeat(200_000), 'd/'.repeat(500), ...Array.from({ length: 9999 }, String)]
  const told = names.flatMap((name) => [
    { name, type: 'file', typeflag: '0', link: '' } as const,
    { name: `${name}!`, type: 'unknown', typeflag: '\xf7', link: name } as const,
  ])
  for (const { name, link, ...kind } of told) packer.add({ ...kind, rawPath: bytes(name), rawLinkPath: bytes(link) })
  const entries = packer.end()
  expect(entries.length).toBe(told.length)
  expect([...entries]).toEqual(told)
  expect([...entries]).toEqual(told)
})

test('they take little more than their names', () => {
  const packer = entryPacker()
  const rawPath = bytes('usr/share/doc/package/copyright')
  packer.add({ rawPath, rawLinkPath: bytes(''), type: 'file', typeflag: '0' })
  expect(packer.end().bytes).toBeLessThan(2 * rawPath.length)
})

test('where there are none, nothing is kept', () => {
  const before = process.memoryUsage().arrayBuffers
  const all = Array.from({ length: 2000 }, () => entryPacker().end())
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  expect(all.every(({ bytes }) => bytes === 0)).toBe(true)
})
