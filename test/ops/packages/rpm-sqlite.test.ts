import { describe, expect, test } from 'vitest'
import { rpm } from '../../../src/ops/packages/rpm.js'
import { hasSqlite, hex, sqliteDatabase } from '../../support/sqlite.js'
import { rpmHeader } from '../../support/rpm.js'

describe.skipIf(!hasSqlite)('a database that sqlite3 wrote', () => {
  test('of rpm gives its packages', () => {
    const headers = [
      rpmHeader({ name: 'bash', version: '5.1', release: '2.el9', files: ['/usr/bin/bash', '/etc/bashrc'] }),
      rpmHeader({ name: 'openssl', version: '3.0.7', release: '1', epoch: 1, files: [] }),
    ]
    const inserts = headers.map((header) => `INSERT INTO Packages(blob) VALUES(x'${hex(header)}');`)
    const bytes = sqliteDatabase(
      `CREATE TABLE Packages(hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);${inserts.join('')}`,
    )
    expect([...rpm.read('rpmdb.sqlite', bytes)].map(({ name, version, files }) => [name, version, files])).toEqual([
      ['bash', '5.1-2.el9', { kind: 'paths', paths: ['usr/bin/bash', 'etc/bashrc'] }],
      ['openssl', '1:3.0.7-1', { kind: 'paths', paths: [] }],
    ])
  })
})
