import { isSqlite, sqliteRows, type SqliteValue } from '../../bytes/sqlite.js'
import { toArchiveError } from '../../errors.js'
import { join } from './layout.js'
import type { RootReading } from './reading.js'
import { readStored } from './store.js'

/** The entity that all containers hang on. */
const ROOT = '0'

/**
 * The names of containers by their IDs, without slashes, as docker 0.6.5 to 1.9 kept them in linkgraph.db (moby,
 * pkg/graphdb: edges with the columns entity_id, parent_id, name). A database that cannot be read is a finding.
 */
export function linkedNames({ store, log, context }: RootReading, home: string): ReadonlyMap<string, string> {
  const path = join(home, 'linkgraph.db')
  const names = new Map<string, string>()
  const tell = (why: string) => log.add('STORE_NAMES', `the names of the containers cannot be read: ${why}`, { path })
  try {
    const bytes = readStored(store, path, context.limits)
    if (bytes === undefined) return names
    if (!isSqlite(bytes)) tell('this is no SQLite database')
    for (const [id, parent, name] of sqliteRows(bytes, 'edge')) {
      const key = textOf(id)
      // The root has an edge of its own, and the first name of a container stays the one that docker prints.
      if (textOf(parent) === ROOT && key !== '' && !names.has(key)) names.set(key, textOf(name))
    }
  } catch (error) {
    tell(toArchiveError(error).message)
  }
  return names
}

function textOf(value: SqliteValue | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : ''
}
