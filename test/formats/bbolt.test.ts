import { describe, expect, test } from 'vitest'
import { boltBucket, boltItem, boltText, openBolt, type BoltFile } from '../../src/formats/bbolt.js'

const PAGE = 4096
const encoder = new TextEncoder()

type Tree = { readonly [key: string]: string | Tree }

/** An element and the bytes behind it, as bbolt lays a leaf out. */
function leaf(tree: Tree, size?: number): Uint8Array {
  const items = Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = items.map(([key, value]) => {
    const bytes = typeof value === 'string' ? encoder.encode(value) : inline(value)
    return { key: encoder.encode(key), bytes, flags: typeof value === 'string' ? 0 : 1 }
  })
  const length = 16 + 16 * parts.length + parts.reduce((sum, { key, bytes }) => sum + key.length + bytes.length, 0)
  const page = new Uint8Array(size ?? length)
  const view = new DataView(page.buffer)
  view.setUint16(8, 2, true)
  view.setUint16(10, parts.length, true)
  let at = 16 + 16 * parts.length
  for (const [index, { key, bytes, flags }] of parts.entries()) {
    const element = 16 + 16 * index
    view.setUint32(element, flags, true)
    view.setUint32(element + 4, at - element, true)
    view.setUint32(element + 8, key.length, true)
    view.setUint32(element + 12, bytes.length, true)
    page.set(key, at)
    page.set(bytes, at + key.length)
    at += key.length + bytes.length
  }
  return page
}

function inline(tree: Tree): Uint8Array {
  const page = leaf(tree)
  const bytes = new Uint8Array(16 + page.length)
  bytes.set(page, 16)
  return bytes
}

function branch(children: readonly number[]): Uint8Array {
  const page = new Uint8Array(PAGE)
  const view = new DataView(page.buffer)
  view.setUint16(8, 1, true)
  view.setUint16(10, children.length, true)
  for (const [index, child] of children.entries()) view.setBigUint64(16 + 16 * index + 8, BigInt(child), true)
  return page
}

function meta(root: number, transaction: number): Uint8Array {
  const page = new Uint8Array(PAGE)
  const view = new DataView(page.buffer)
  view.setUint16(8, 4, true)
  view.setUint32(16, 0xed0cdaed, true)
  view.setUint32(20, 2, true)
  view.setUint32(24, PAGE, true)
  view.setBigUint64(32, BigInt(root), true)
  view.setBigUint64(64, BigInt(transaction), true)
  let hash = 0xcbf29ce484222325n
  for (const byte of page.subarray(16, 72)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  view.setBigUint64(72, hash, true)
  return page
}

function fileOf(...pages: readonly Uint8Array[]): BoltFile & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(pages.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const page of pages) {
    bytes.set(page, end)
    end += page.length
  }
  return {
    bytes,
    size: bytes.length,
    read(into, offset) {
      const part = bytes.subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    },
  }
}

const keysOf = (file: BoltFile) => [...openBolt(file, 'db').items()].map(({ key }) => boltText(key))

describe('a bbolt database', () => {
  test('gives its items by their keys, and buckets inside buckets', () => {
    const file = fileOf(meta(2, 1), meta(2, 0), leaf({ v1: { moby: { images: { a: '1' } } }, x: 'value' }, PAGE))
    const root = openBolt(file, 'db')
    expect(keysOf(file)).toEqual(['v1', 'x'])
    const images = boltBucket(root, 'v1', 'moby', 'images')
    expect(images && [...images.items()].map(({ key, kind }) => [boltText(key), kind])).toEqual([['a', 'value']])
    expect(boltBucket(root, 'v1', 'other', 'images')).toBeUndefined()
    expect(boltItem(root, 'nothing')).toBeUndefined()
  })

  test('is walked over all pages, in the order of the keys', () => {
    const pages = [branch([3, 4]), leaf({ a: '1', b: '2' }, PAGE), leaf({ c: '3' }, PAGE)]
    expect(keysOf(fileOf(meta(2, 1), meta(2, 0), ...pages))).toEqual(['a', 'b', 'c'])
  })

  test('is that of the last whole transaction', () => {
    const [old, young] = [leaf({ old: '' }, PAGE), leaf({ young: '' }, PAGE)]
    expect(keysOf(fileOf(meta(2, 7), meta(3, 8), old, young))).toEqual(['young'])
    const torn = meta(3, 8)
    torn[70] = 1
    expect(keysOf(fileOf(meta(2, 7), torn, old, young))).toEqual(['old'])
    expect(keysOf(fileOf(torn, meta(2, 7), old, young))).toEqual(['old'])
  })

  test('that is none is refused', () => {
    expect(() => openBolt(fileOf(new Uint8Array(3 * PAGE)), 'db')).toThrow('no bbolt database')
    expect(() => openBolt(fileOf(encoder.encode('short')), 'db')).toThrow('no bbolt database')
  })

  test.each([
    ['whose pages form a circle', [branch([2])]],
    ['whose root lies outside of it', []],
    ['whose page is of no kind', [new Uint8Array(PAGE)]],
  ])('%s is refused', (_, pages) => {
    expect(() => keysOf(fileOf(meta(2, 1), meta(2, 0), ...pages))).toThrow('of the database is damaged')
  })

  test('with any byte changed is read, or refused in our words', () => {
    const whole = fileOf(meta(2, 1), meta(2, 0), leaf({ v1: { moby: { a: 'b' } }, x: 'value' }, PAGE))
    for (let at = 2 * PAGE; at < 2 * PAGE + 160; at++) {
      const bytes = whole.bytes.slice()
      bytes[at] = (bytes[at] ?? 0) ^ 0xff
      try {
        keysOf(fileOf(bytes))
      } catch (error) {
        expect(error).toHaveProperty('code', 'ERR_DOCUMENT')
      }
    }
  })
})
