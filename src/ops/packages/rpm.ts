import { isSqlite, sqliteRows } from '../../bytes/sqlite.js'
import { lookup } from '../../tree/resolve.js'
import type { Located, Tree } from '../../tree/tree.js'
import { numbersAt, openHeader, pathBudget, RPM_TAGS, rpmPaths, textsAt, type PathBudget } from './rpm-header.js'
import { isNdb, ndbHeaders } from './rpm-ndb.js'
import type { Package, PackageReader } from './package.js'

const DIRECTORIES = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm']
const FILES = ['rpmdb.sqlite', 'Packages.db', 'Packages']

/** rpm's packages: header blobs in SQLite or ndb. BerkeleyDB (before rpm 4.16) gives none; see `isBerkeleyDB`. */
export const rpm: PackageReader = {
  manager: 'rpm',
  databases: rpmDatabases,
  *read(_path, content) {
    const budget = pathBudget()
    for (const header of rpmHeaders(content)) {
      const found = packageOf(header, budget)
      if (found !== undefined) yield found
    }
  },
  keeps: (path) => DIRECTORIES.some((directory) => path.startsWith(`${directory}/`)),
}

/** The databases of rpm in a tree, each once: one of the folders may be a link to another. */
export function* rpmDatabases(tree: Tree): Generator<Located> {
  const seen = new Set<string>()
  for (const path of DIRECTORIES.flatMap((directory) => FILES.map((file) => `${directory}/${file}`))) {
    const found = lookup(tree, path)
    if (found !== undefined && !seen.has(found.path)) yield found
    if (found !== undefined) seen.add(found.path)
  }
}

/** Whether the bytes are a BerkeleyDB hash database, as rpm wrote it before 4.16. */
export function isBerkeleyDB(bytes: Uint8Array): boolean {
  // 12 - magic of the meta page, in the byte order of the machine
  return bytes.length > 16 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true) === 0x00061561
}

/** The header blobs of a database in SQLite or ndb. Damage ends the walk early. */
export function* rpmHeaders(content: Uint8Array): Generator<Uint8Array> {
  if (isNdb(content)) yield* ndbHeaders(content)
  // Packages: hnum INTEGER PRIMARY KEY, blob BLOB
  else if (isSqlite(content))
    for (const [, blob] of sqliteRows(content, 'Packages')) if (blob instanceof Uint8Array) yield blob
}

function packageOf(bytes: Uint8Array, budget: PathBudget): Package | undefined {
  const header = openHeader(bytes)
  if (header === undefined) return undefined
  const [name = '', version = ''] = [textsAt(header, RPM_TAGS.name, 1)[0], textsAt(header, RPM_TAGS.version, 1)[0]]
  if (name === '' || version === '') return undefined
  const [release, epoch] = [textsAt(header, RPM_TAGS.release, 1)[0], numbersAt(header, RPM_TAGS.epoch, 1)[0]]
  const architecture = textsAt(header, RPM_TAGS.arch, 1)[0]
  return {
    manager: 'rpm',
    name,
    version: `${epoch === undefined ? '' : `${epoch}:`}${version}${release === undefined ? '' : `-${release}`}`,
    ...(architecture !== undefined && { architecture }),
    files: { kind: 'paths', paths: rpmPaths(header, budget) },
  }
}
