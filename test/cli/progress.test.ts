import { expect, test } from 'vitest'
import { progressOn } from '../../src/cli/progress.js'
import type { ProgressSettings } from '../../src/cli/progress.js'

const CLEAR = '\r\u001b[K'

function watched(settings: Partial<ProgressSettings>) {
  const written: string[] = []
  let now = 0
  const progress = progressOn({
    mode: 'auto',
    terminal: true,
    width: () => 80,
    write: (text) => void written.push(text),
    clock: () => now,
    ...settings,
  })
  const at = (time: number, done: number, subject = 'app.tar', total?: number): void => {
    now = time
    progress.on({ task: 'verify', subject, done, ...(total !== undefined && { total }) })
  }
  return { progress, written, at }
}

test('on a terminal one line is redrawn, at most ten times a second, and cleared at the end', () => {
  const { progress, written, at } = watched({})
  at(0, 0, 'app.tar', 2e9)
  at(50, 1e6, 'app.tar', 2e9)
  at(1000, 1e9, 'app.tar', 2e9)
  progress.clear()
  expect(written).toEqual([`${CLEAR}verify app.tar: 0% 0 B`, `${CLEAR}verify app.tar: 50% 1 GB, 1 GB/s`, CLEAR])
})

test('a rate counts from the start of its own archive', () => {
  const { written, at } = watched({})
  at(0, 0)
  at(10_000, 0, 'next.tar')
  at(11_000, 5e6, 'next.tar')
  expect(written.at(-1)).toBe(`${CLEAR}verify next.tar: 5 MB, 5 MB/s`)
})

test('a line never wraps, and a name cannot drive the terminal', () => {
  const { written, at } = watched({ width: () => 30 })
  at(0, 1, '\u001b[2J'.repeat(40))
  expect(written).toHaveLength(1)
  expect(written[0]?.slice(CLEAR.length)).toMatch(/^\P{Cc}{29}$/u)
})

test('plain writes a line every ten seconds, on a terminal or not', () => {
  const { progress, written, at } = watched({ mode: 'plain', terminal: false })
  at(0, 0)
  at(9_999, 1e6)
  at(10_000, 2e6)
  at(15_000, 3e6)
  progress.clear()
  expect(written).toEqual(['verify app.tar: 2 MB, 200 kB/s\n'])
})

test.each([
  ['auto', false],
  ['none', true],
] as const)('%s writes nothing where the terminal is %s', (mode, terminal) => {
  const { progress, written, at } = watched({ mode, terminal })
  at(0, 0)
  at(60_000, 1e9)
  progress.clear()
  expect(written).toEqual([])
})
