import { expect, test } from 'vitest'
import { nearest } from '../../src/cli/nearest.js'

const words = ['save', 'images', 'import', 'inspect', 'ls', 'tag', 'verify']

test.each([
  ['verfy', 'verify'],
  ['veriffy', 'verify'],
  ['imagse', 'images'],
  ['imprt', 'import'],
  ['tga', 'tag'],
  ['lst', 'ls'],
])('takes %s for %s', (word, meant) => {
  expect(nearest(word, words)).toBe(meant)
})

test.each(['nope', 'x', 'frobnicate', ''])('takes %j for nothing', (word) => {
  expect(nearest(word, words)).toBeUndefined()
})

test('prefers the nearer one', () => {
  expect(nearest('export', ['import', 'exports'])).toBe('exports')
})
