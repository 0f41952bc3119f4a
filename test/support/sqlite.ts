import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatenated } from './chunks.js'

/** Whether the sqlite3 of the system is there. */
export const hasSqlite = spawnSync('sqlite3', ['-version']).status === 0

/** The database that sqlite3 makes of some statements. */
export function sqliteDatabase(sql: string): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'imgtar-sqlite-'))
  try {
    const file = join(directory, 'x.db')
    const made = spawnSync('sqlite3', [file], { input: sql, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
    return new Uint8Array(readFileSync(file))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Bytes as SQL has them, without the quotes. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const SQLITE_PAGE = 4096
const encoder = new TextEncoder()

/** A linkgraph.db as docker up to 1.9 kept it, with the names of containers by their IDs (sqlite.org, fileformat2). */
export function linkGraph(names: Readonly<Record<string, string>>): Uint8Array {
  const edges = Object.entries(names).map(([id, name]) => [id, '0', name])
  const sql = 'CREATE TABLE edge (entity_id text, parent_id text, name text)'
  const bytes = concatenated(
    leafPage([['table', 'edge', 'edge', 2, sql]], 100),
    leafPage([['0', null, '/'], ...edges], 0),
  )
  bytes.set(encoder.encode('SQLite format 3\0'))
  new DataView(bytes.buffer).setUint16(16, SQLITE_PAGE)
  return bytes
}

type Row = readonly (string | number | null)[]

function leafPage(rows: readonly Row[], header: number): Uint8Array {
  const page = new Uint8Array(SQLITE_PAGE)
  const view = new DataView(page.buffer)
  view.setUint8(header, 13)
  view.setUint16(header + 3, rows.length)
  let end = SQLITE_PAGE
  for (const [index, row] of rows.entries()) {
    const payload = record(row)
    const cell = concatenated(varint(payload.length), varint(index + 1), payload)
    end -= cell.length
    page.set(cell, end)
    view.setUint16(header + 8 + 2 * index, end)
  }
  return page
}

function record(row: Row): Uint8Array {
  const values = row.map((value) => (typeof value === 'string' ? encoder.encode(value) : value))
  const types = values.map((value) =>
    varint(value === null ? 0 : typeof value === 'number' ? 1 : 13 + 2 * value.length),
  )
  const bodies = values.map((value) =>
    value === null ? new Uint8Array(0) : typeof value === 'number' ? Uint8Array.of(value) : value,
  )
  const length = types.reduce((sum, type) => sum + type.length, 1)
  return concatenated(varint(length), ...types, ...bodies)
}

function varint(value: number): Uint8Array {
  return value < 128 ? Uint8Array.of(value) : Uint8Array.of(0x80 | (value >> 7), value & 0x7f)
}
