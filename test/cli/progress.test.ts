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
  const at = (time: number, done: number, subject = 'app.tar', total?: number, unit?: string): void => {
    now = time
    progress.on({ task: 'verify', subject, done, ...(total !== undefined && { total }), ...(unit && { unit }) })
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

const blob = `blobs/sha256/0123456789ab${'cdef'.repeat(13)}`

test.each([
  [120, blob, `verify ${blob}: 50% 1 GB, 1 GB/s`],
  [80, blob, 'verify 0123456789ab: 50% 1 GB, 1 GB/s'],
  [40, blob, 'verify 0123456789ab: 50% 1 GB, 1 GB/s'],
  [40, 'some/long/folder/of/archives/app.tar', 'verify some/l…app.tar: 50% 1 GB, 1 GB/s'],
  [40, '\u5c42'.repeat(20), `verify ${'\u5c42'.repeat(3)}…${'\u5c42'.repeat(3)}: 50% 1 GB, 1 GB/s`],
  [28, blob, 'verify: 50% 1 GB, 1 GB/s'],
])('on %i columns the figures stay, and what %s is called gets shorter', (columns, subject, line) => {
  const { written, at } = watched({ width: () => columns })
  at(0, 0, subject, 2e9)
  at(1000, 1e9, subject, 2e9)
  expect(written.at(-1)).toBe(`${CLEAR}${line}`)
})

test('what is counted and no bytes has no rate', () => {
  const { written, at } = watched({})
  at(0, 0, 'archives', 8, 'archive')
  at(1000, 2, 'archives', 8, 'archive')
  expect(written.at(-1)).toBe(`${CLEAR}verify archives: 25% archive 2 of 8`)
})

test('a line that is not there is not cleared: it would be what a command has printed', () => {
  const { progress, written, at } = watched({})
  progress.clear()
  at(0, 1)
  progress.clear()
  progress.clear()
  at(1000, 2)
  expect(written).toEqual([`${CLEAR}verify app.tar: 1 B`, CLEAR, `${CLEAR}verify app.tar: 2 B, 2 B/s`])
})

test('after the stop nothing is drawn any more', () => {
  const { progress, written, at } = watched({})
  at(0, 1)
  progress.stop()
  at(1000, 2)
  progress.stop()
  expect(written).toEqual([`${CLEAR}verify app.tar: 1 B`, CLEAR])
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
