import { describe, expect, test } from 'vitest'
import type { EntryReport, LsReport } from '../../../src/model/report.js'
import { lsText, modeText } from '../../../src/report/human/ls.js'

const style = { color: false, full: false, now: new Date(0) }
const entry: EntryReport = {
  path: '/a',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 5,
  mtime: '1735689600',
  xattrs: [],
  layer: 0,
}

function listing(entries: EntryReport[], allLayers = false): string[] {
  const report: LsReport = {
    schema: 'imgtar/ls/v1',
    tool: { name: 'imgtar', version: '0.0.0' },
    ok: true,
    archive: 'a.tar',
    imageID: null,
    allLayers,
    entries,
    findings: [],
  }
  return [...lsText(report, style)]
}

describe('modes', () => {
  test.each([
    ['file', 0o644, '-rw-r--r--'],
    ['file', 0o4755, '-rwsr-xr-x'],
    ['file', 0o4644, '-rwSr--r--'],
    ['file', 0o2755, '-rwxr-sr-x'],
    ['file', 0o2640, '-rw-r-S---'],
    ['directory', 0o1777, 'drwxrwxrwt'],
    ['directory', 0o1776, 'drwxrwxrwT'],
    ['symlink', 0o777, 'lrwxrwxrwx'],
    ['char', 0o600, 'crw-------'],
    ['block', 0o660, 'brw-rw----'],
    ['fifo', 0, 'p---------'],
    ['whiteout', 0, 'w---------'],
  ] as const)('%s %o is %s', (type, mode, text) => {
    expect(modeText({ type, mode })).toBe(text)
  })
})

test('numbers are aligned to the right over all rows', () => {
  expect(listing([entry, { ...entry, path: '/b', uid: 1000660000, size: 123 }])).toEqual([
    '-rw-r--r--          0 0   5 2025-01-01 00:00 /a',
    '-rw-r--r-- 1000660000 0 123 2025-01-01 00:00 /b',
  ])
})

test('links show where they lead, devices their numbers', () => {
  const rows = listing([
    { ...entry, type: 'symlink', mode: 0o777, linkPath: '../b' },
    { ...entry, type: 'hardlink', linkPath: '/b' },
    { ...entry, type: 'char', device: '1,3' },
  ])
  expect(rows.map((row) => row.slice(row.indexOf('/a')))).toEqual(['/a -> ../b', '/a link to /b', '/a'])
  expect(rows[2]).toContain(' 1,3 ')
})

test('names cannot drive the terminal, and those that are not UTF-8 show their bytes', () => {
  const rows = listing([
    { ...entry, path: '/\u001b[2J\n' },
    { ...entry, path: '/\ufffd', pathBytes: btoa('/\u00ff') },
  ])
  expect(rows.map((row) => row.slice(row.indexOf('/')))).toEqual(['/\\033[2J\\n', '/\\377'])
})

test('with all layers, each row begins with its layer', () => {
  expect(listing([entry, { ...entry, layer: 12 }], true)).toEqual([
    ' 0 -rw-r--r-- 0 0 5 2025-01-01 00:00 /a',
    '12 -rw-r--r-- 0 0 5 2025-01-01 00:00 /a',
  ])
})
