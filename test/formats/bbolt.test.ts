import { describe, expect, test } from 'vitest'
import { boltBucket, boltItem, boltText, openBolt, type BoltFile } from '../../src/formats/bbolt.js'
import { branch, fileOf, leaf, meta, PAGE } from '../support/bbolt.js'

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
    expect(() => openBolt(fileOf(new TextEncoder().encode('short')), 'db')).toThrow('no bbolt database')
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
