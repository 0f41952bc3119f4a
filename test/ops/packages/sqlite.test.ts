import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { rpm } from '../../../src/ops/packages/rpm.js'
import { sqliteRows } from '../../../src/ops/packages/sqlite.js'
import { rpmHeader } from './rpm-header.js'

const hasSqlite = spawnSync('sqlite3', ['-version']).status === 0
const work = mkdtempSync(join(tmpdir(), 'imgtar-sqlite-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

function database(name: string, sql: string): Uint8Array {
  const file = join(work, name)
  const made = spawnSync('sqlite3', [file], { input: sql, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  return new Uint8Array(readFileSync(file))
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe.skipIf(!hasSqlite)('a database that sqlite3 wrote', () => {
  test('gives every row of a table, over leaves, inner pages and overflow pages', () => {
    const rows = Array.from(
      { length: 3000 },
      (_, index) => `INSERT INTO t VALUES(${index + 1}, zeroblob(${index * 7}), ${index - 9});`,
    )
    const bytes = database(
      'many.db',
      `CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB, n INT);BEGIN;${rows.join('\n')}COMMIT;`,
    )
    const found = [...sqliteRows(bytes, 't')]
    expect(found.length).toBe(3000)
    for (const [index, [id, blob, number]] of found.entries()) {
      expect([id, blob instanceof Uint8Array ? blob.length : -1, number]).toEqual([index + 1, index * 7, index - 9])
    }
  })

  test.each([512, 1024, 65536])('of pages of %i bytes is read', (size) => {
    const blob = Uint8Array.from({ length: 5000 }, (_, at) => at % 251)
    const sql = `PRAGMA page_size=${size};CREATE TABLE t(id INTEGER PRIMARY KEY, b);INSERT INTO t VALUES(7, x'${hex(blob)}');`
    const [row] = sqliteRows(database(`page-${size}.db`, sql), 't')
    expect(row?.[0]).toBe(7)
    expect(row?.[1]).toEqual(blob)
  })

  test('has no rows of a table that is not there', () => {
    expect([...sqliteRows(database('none.db', 'CREATE TABLE t(a);'), 'other')]).toEqual([])
  })

  test('is read without an error however it is damaged', () => {
    const bytes = database('damaged.db', 'CREATE TABLE t(a, b);INSERT INTO t VALUES(1, zeroblob(9000));')
    for (let at = 16; at < bytes.length; at += 97) {
      const broken = bytes.slice()
      broken[at] = (broken[at] ?? 0) ^ 0xff
      expect([...sqliteRows(broken, 't')].length).toBeLessThan(10)
      expect([...sqliteRows(bytes.subarray(0, at), 't')].length).toBeLessThan(10)
    }
  })

  test('of rpm gives its packages', () => {
    const headers = [
      rpmHeader({ name: 'bash', version: '5.1', release: '2.el9', files: ['/usr/bin/bash', '/etc/bashrc'] }),
      rpmHeader({ name: 'openssl', version: '3.0.7', release: '1', epoch: 1, files: [] }),
    ]
    const inserts = headers.map((header) => `INSERT INTO Packages(blob) VALUES(x'${hex(header)}');`)
    const bytes = database(
      'rpmdb.sqlite',
      `CREATE TABLE Packages(hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);${inserts.join('')}`,
    )
    expect([...rpm.read('rpmdb.sqlite', bytes)].map(({ name, version, files }) => [name, version, files])).toEqual([
      ['bash', '5.1-2.el9', { kind: 'paths', paths: ['usr/bin/bash', 'etc/bashrc'] }],
      ['openssl', '1:3.0.7-1', { kind: 'paths', paths: [] }],
    ])
  })
})
