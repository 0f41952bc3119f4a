import { describe, expect, test } from 'vitest'
import { sqliteRows } from '../../src/bytes/sqlite.js'
import { hasSqlite, hex, sqliteDatabase } from '../support/sqlite.js'

describe.skipIf(!hasSqlite)('a database that sqlite3 wrote', () => {
  test('gives every row of a table, over leaves, inner pages and overflow pages', () => {
    const rows = Array.from(
      { length: 3000 },
      (_, index) => `INSERT INTO t VALUES(${index + 1}, zeroblob(${index * 7}), ${index - 9});`,
    )
    const bytes = sqliteDatabase(
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
    const [row] = sqliteRows(sqliteDatabase(sql), 't')
    expect(row?.[0]).toBe(7)
    expect(row?.[1]).toEqual(blob)
  })

  test('has no rows of a table that is not there', () => {
    expect([...sqliteRows(sqliteDatabase('CREATE TABLE t(a);'), 'other')]).toEqual([])
  })

  describe('whose one row goes on behind its page', () => {
    const PAGE = 4096
    const whole = () => sqliteDatabase('CREATE TABLE t(a, b);INSERT INTO t VALUES(1, zeroblob(9000));')
    const pointerAt = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset + PAGE + 8)

    test('has none where the page ends before it says how it goes on', () => {
      const bytes = whole().slice(0, 2 * PAGE)
      const cell = pointerAt(bytes).getUint16(0)
      bytes.copyWithin(PAGE + cell + 4, PAGE + cell, PAGE + cell + 3)
      pointerAt(bytes).setUint16(0, cell + 4)
      expect([...sqliteRows(bytes, 't')]).toEqual([])
    })

    test('has it once where a hundred cells say so', () => {
      const bytes = whole().slice()
      const cell = pointerAt(bytes).getUint16(0)
      new DataView(bytes.buffer, PAGE + 3).setUint16(0, 100)
      for (let at = 0; at < 100; at++) pointerAt(bytes).setUint16(2 * at, cell)
      expect([...sqliteRows(whole(), 't')]).toHaveLength(1)
      expect([...sqliteRows(bytes, 't')]).toHaveLength(1)
    })
  })

  test('is read without an error however it is damaged', () => {
    const bytes = sqliteDatabase('CREATE TABLE t(a, b);INSERT INTO t VALUES(1, zeroblob(9000));')
    for (let at = 16; at < bytes.length; at += 97) {
      const broken = bytes.slice()
      broken[at] = (broken[at] ?? 0) ^ 0xff
      expect([...sqliteRows(broken, 't')].length).toBeLessThan(10)
      expect([...sqliteRows(bytes.subarray(0, at), 't')].length).toBeLessThan(10)
    }
  })
})
