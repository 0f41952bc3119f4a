import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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
