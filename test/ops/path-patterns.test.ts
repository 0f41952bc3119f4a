import { describe, expect, test } from 'vitest'
import { pathFilter } from '../../src/ops/path-patterns.js'

describe('patterns of paths', () => {
  test.each([
    ['*.pyc', 'a/b/c.pyc', true],
    ['*.pyc', 'a.pyc/in/it', true],
    ['/a', 'a', true],
    ['/a', 'b/a', false],
    ['a/b', 'a/b', true],
    ['a/b', 'x/a/b', false],
    ['a/**/z', 'a/b/c/z', true],
    ['cache/', 'var/cache/x', true],
    ['**/.git', 'x/.git/config', true],
    ['b', 'a/bb', false],
    ['data/**', 'data', false],
    ['data/**', 'data/x/y', true],
    ['//', 'a', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(pathFilter([pattern])(path, false)).toBe(expected)
  })

  test('with a slash at the end mean directories only', () => {
    expect([pathFilter(['cache/'])('cache', false), pathFilter(['cache/'])('cache', true)]).toEqual([false, true])
  })

  test('are taken back by a later one with an exclamation mark, but not inside an excluded directory', () => {
    const filter = pathFilter(['*.log', '!keep.log', 'gone/'])
    expect(['a.log', 'keep.log', 'gone/keep.log'].map((path) => filter(path, false))).toEqual([true, false, true])
  })

  test('exclude nothing when there are none', () => {
    expect(pathFilter([])('a', false)).toBe(false)
  })
})
