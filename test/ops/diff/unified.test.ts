import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unifiedDiff } from '../../../src/ops/diff/unified.js'

/** Applies a unified diff to the text it was made of. */
function patched(text: string, diff: readonly string[]): string {
  const source = text.split('\n')
  const lines: string[] = []
  let at = 0
  for (const line of diff) {
    const start = /^@@ -(\d+)(?:,(\d+))? /.exec(line)
    if (start !== null) {
      const from = Number(start[1]) - (start[2] === '0' ? 0 : 1)
      lines.push(...source.slice(at, from))
      at = from
    } else if (line.startsWith('+')) lines.push(line.slice(1))
    else if (line.startsWith('-')) at += 1
    else if (line.startsWith(' ')) lines.push(source[at++] ?? '')
  }
  return [...lines, ...source.slice(at)].join('\n')
}

describe('a unified diff', () => {
  test('shows three lines around a change, as diff -u does', () => {
    const a = '1\n2\n3\n4\n5\n6\n7\n8\n'
    expect(unifiedDiff(a, a.replace('5', 'five'))).toEqual([
      '@@ -2,7 +2,7 @@',
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+five',
      ' 6',
      ' 7',
      ' 8',
    ])
  })

  test('joins changes that stand near, and parts those that do not', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `${index}`)
    const changed = lines.map((line) => (['3', '8', '25'].includes(line) ? `${line}!` : line))
    const heads = unifiedDiff(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`).filter((line) =>
      line.startsWith('@@'),
    )
    expect(heads).toEqual(['@@ -1,12 +1,12 @@', '@@ -23,7 +23,7 @@'])
  })

  test('counts from 0 where a side has no lines, and marks a missing line end', () => {
    expect(unifiedDiff('', 'new')).toEqual(['@@ -0,0 +1 @@', '+new', '\\ No newline at end of file'])
    expect(unifiedDiff('old\n', '')).toEqual(['@@ -1 +0,0 @@', '-old'])
  })

  test('is nothing for equal texts', () => {
    expect(unifiedDiff('same\n', 'same\n')).toEqual([])
  })

  test('gives the one text when it is applied to the other', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(patched(a, unifiedDiff(a, b))).toBe(b)
      }),
      { numRuns: 500 },
    )
  })

  test('stays quick where two large texts have nothing in common', () => {
    const lines = (name: string) => Array.from({ length: 50_000 }, (_, index) => `${name} ${index}\n`).join('')
    const started = performance.now()
    expect(unifiedDiff(lines('a'), lines('b')).length).toBe(100_001)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
