import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { tarPusher } from '../../src/tar/scan.js'
import { speller } from '../../src/tar/spelling.js'
import { file, layerTar, type LayerEntry } from '../support/layers.js'

function spellings(tar: Uint8Array): string[] {
  const found: string[] = []
  const own = speller()
  const pusher = tarPusher({ onEntry: () => found.push(own.take()) }, DEFAULT_LIMITS, (bytes) => own.add(bytes))
  pusher.push(tar)
  pusher.end()
  return found
}

const tarOf = (...entries: readonly LayerEntry[]) => layerTar(entries)
const plain = file('usr/file', { content: 'x' })
const [own] = spellings(tarOf(plain))

describe('the spelling of a header is the same for', () => {
  test.each<[string, LayerEntry]>([
    ['another time', { ...plain, mtimeNs: 42_000_000_000n }],
    ['a time that only a PAX record can tell', { ...plain, mtimeNs: 42n }],
    ['another owner', { ...plain, uid: 1000, gid: 1000 }],
    ['an owner that only a PAX record can tell', { ...plain, uid: 3_000_000 }],
  ])('%s', (_, entry) => {
    expect(spellings(tarOf(entry))).toEqual([own])
  })
})

describe('the spelling of a header is another one for', () => {
  test.each<[string, LayerEntry]>([
    ['another name', { ...plain, path: './usr/file' }],
    ['another mode', { ...plain, mode: 0o100_644 }],
    ['an attribute', { ...plain, xattrs: { 'user.a': '1' } }],
  ])('%s', (_, entry) => {
    expect(spellings(tarOf(entry))).not.toEqual([own])
  })

  test('another magic', () => {
    const tar = tarOf(plain)
    // ustar\0 00 to ustar<space><space>\0, which adds 2 * 0x20 to and takes 2 * 0x30 from the checksum.
    tar.set(new TextEncoder().encode('ustar  \0'), 257)
    const sum = tar.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
    tar.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
    expect(spellings(tar)).not.toEqual([own])
  })
})

test('each entry has its own spelling, records before it included', () => {
  const far = { ...file('b'), xattrs: { 'user.a': '1' } }
  const [first, second, third] = spellings(tarOf(file('a'), far, file('a')))
  expect(first).toBe(third)
  expect(second).not.toBe(spellings(tarOf(file('b')))[0])
})
