import { describe, expect, test } from 'vitest'
import { cleanKey, cleanPath, displayPath, latin1, latin1Bytes, linkEscapes } from '../../src/tar/path.js'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('a clean path', () => {
  test.each([
    ['a', 'a', {}],
    ['./a', 'a', {}],
    ['a//b///c/', 'a/b/c', {}],
    ['a/./b', 'a/b', {}],
    ['a/../b', 'b', {}],
    ['a/b/..', 'a', {}],
    ['', '', {}],
    ['.', '', {}],
    ['./', '', {}],
    ['a/..', '', {}],
    ['/a', 'a', { absolute: true }],
    ['//a', 'a', { absolute: true }],
    ['/', '', { absolute: true }],
    ['..', '', { escapes: true }],
    ['../a', 'a', { escapes: true }],
    ['a/../../b', 'b', { escapes: true }],
    ['/../a', 'a', { absolute: true, escapes: true }],
    ['...', '...', {}],
    ['..a/.b', '..a/.b', {}],
    ['a\0b', 'a\0b', { nul: true }],
    ['a\\..\\b', 'a\\..\\b', {}],
    ['C:/a', 'C:/a', {}],
  ])('of %j is %j', (path, key, flags) => {
    const depth = key === '' ? 0 : key.split('/').length
    expect(cleanPath(bytes(path))).toEqual({ key, depth, absolute: false, escapes: false, nul: false, ...flags })
  })

  test('keeps every byte, and is its own clean path', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const { key } = cleanPath(all)
    expect(latin1Bytes(key)).toEqual(all)
    expect(cleanKey(key).key).toBe(key)
  })
})

test('latin1 text holds one character a byte, also of long names', () => {
  const long = Uint8Array.from({ length: 100_000 }, (_, at) => at % 256)
  expect(latin1(long)).toHaveLength(100_000)
  expect(latin1(Uint8Array.of(0x80, 0x9f, 0xff))).toBe('\u0080\u009f\u00ff')
  expect(latin1Bytes(latin1(long))).toEqual(long)
})

test('names are shown as UTF-8, or as latin1 where they are none, and keep a byte order mark', () => {
  expect(displayPath(bytes('grüße/日本'))).toBe('grüße/日本')
  expect(displayPath(Uint8Array.of(0x67, 0xfc))).toBe('gü')
  expect(displayPath(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  expect(displayPath(new Uint8Array(0))).toBe('')
})

describe('a link', () => {
  test.each([
    ['a/b', '../c', false],
    ['a/b', '../../c', true],
    ['a', '..', true],
    ['a', 'b/../..', true],
    ['a/b/c', '../../d/../e', false],
    ['./a/./b', '../c', false],
    ['a', '/etc/passwd', false],
    ['a/b', '/../etc', true],
    ['a', '', false],
    ['', '..', true],
  ])('at %j to %j leaves the root: %s', (path, target, escapes) => {
    expect(linkEscapes(bytes(path), bytes(target))).toBe(escapes)
  })
})
