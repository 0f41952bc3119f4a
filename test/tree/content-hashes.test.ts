import { describe, expect, test } from 'vitest'
import { contentHashTable, HASH_BYTES } from '../../src/tree/content-hashes.js'

const hashOf = (row: number) => new Uint8Array(HASH_BYTES).map((_, at) => (row >> (at % 3)) + at)

describe('a table of hashes', () => {
  test.each([1, 16, 17, 64, 65, 1024, 1025, 5000])(
    'finds each of %i by where its content begins, and nothing between',
    (rows) => {
      const table = contentHashTable()
      for (let row = 0; row < rows; row++) table.add(512 + row * 1024, hashOf(row))
      for (let row = 0; row < rows; row++) {
        expect(table.at(512 + row * 1024)).toEqual(hashOf(row))
        expect(table.at(row * 1024)).toBeUndefined()
      }
      expect(table.at(512 + rows * 1024)).toBeUndefined()
    },
  )

  test('is empty to begin with', () => {
    expect(contentHashTable().at(0)).toBeUndefined()
  })
})
