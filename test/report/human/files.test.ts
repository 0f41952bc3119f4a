import { expect, test } from 'vitest'
import type { FilesReport } from '../../../src/model/report-files.js'
import { filesText } from '../../../src/report/human/files.js'

const report = (parts: Partial<FilesReport>): FilesReport => ({
  schema: 'imgtar/extract/v1',
  tool: { name: 'imgtar', version: '0.0.0' },
  ok: true,
  archive: 'app.tar',
  output: { path: 'out', kind: 'directory', size: 2500, written: true },
  entries: 3,
  skipped: [],
  findings: [],
  ...parts,
})

test('says what was written where', () => {
  expect([...filesText(report({}))]).toEqual(['wrote out: directory, 3 names, 2.5 kB'])
})

test('says what would be written, and that a pipe is meant', () => {
  const output = { path: '-', kind: 'tar', size: 0, written: false } as const
  expect([...filesText(report({ output, entries: 1 }))]).toEqual([
    'would write standard output: root filesystem, 1 name, 0 B',
  ])
})

test('lists what could not be put there, hostile names made visible, and counts the rest', () => {
  const skipped = Array.from({ length: 22 }, () => ({ path: '/dev/n\u001b', what: 'char', detail: '1,3' }) as const)
  const lines = [...filesText(report({ skipped }))]
  expect(lines).toHaveLength(22)
  expect(lines[1]).toMatch(/^ {2}left out: character device 1,3: \/dev\/n/)
  expect(lines[1]).not.toContain('\u001b')
  expect(lines.at(-1)).toBe('  … and 2 more')
})
