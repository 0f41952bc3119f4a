import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { align, pairLeftovers } from '../../../src/ops/diff/align.js'

const pairs = (a: string, b: string) =>
  align(a.length, b.length, (x, y) => a[x] === b[y]).map(
    ({ a: x, b: y }) => `${x === undefined ? '-' : (a[x] ?? '')}${y === undefined ? '-' : (b[y] ?? '')}`,
  )

describe('aligning', () => {
  test('leaves all others where they were when one is put in', () => {
    expect(pairs('abcd', 'abXcd')).toEqual(['aa', 'bb', '-X', 'cc', 'dd'])
  })

  test('finds nothing in common where there is nothing', () => {
    expect(pairs('ab', 'cd')).toEqual(['a-', 'b-', '-c', '-d'])
  })

  test('names every item of both sides once, in order', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', 'c') }),
        fc.string({ unit: fc.constantFrom('a', 'b') }),
        (a, b) => {
          const found = align(a.length, b.length, (x, y) => a[x] === b[y])
          expect(found.flatMap((pair) => pair.a ?? [])).toEqual(Array.from({ length: a.length }, (_, index) => index))
          expect(found.flatMap((pair) => pair.b ?? [])).toEqual(Array.from({ length: b.length }, (_, index) => index))
        },
      ),
    )
  })

  test('brings together what is left between two pairs by a second measure', () => {
    const [a, b] = [
      ['same', 'Left'],
      ['same', 'left'],
    ]
    const first = align(2, 2, (x, y) => a[x] === b[y])
    const second = pairLeftovers(first, (x, y) => a[x]?.toLowerCase() === b[y]?.toLowerCase())
    expect(second).toEqual([
      { a: 0, b: 0 },
      { a: 1, b: 1 },
    ])
  })
})
