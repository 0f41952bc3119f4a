import type { RunContext } from '../../context.js'
import type { Layer } from '../../model/image.js'
import { readFiles } from '../../tree/read-files.js'
import type { Located, Tree } from '../../tree/tree.js'
import { apk } from './apk.js'
import { dpkg } from './dpkg.js'
import { npm } from './npm.js'
import type { Package, PackageReader } from './package.js'
import { python } from './python.js'
import { isBerkeleyDB, rpm } from './rpm.js'

/** Every package manager that is known; a new one is a file and a line here. */
export const PACKAGE_READERS: readonly PackageReader[] = [dpkg, apk, rpm, python, npm]

// The largest databases of rpm, of systems with thousands of packages.
const MOST_DATABASE = 256 * 1024 * 1024

/** A tree, the layers it was merged from, and whether a file of a database is worth reading. */
export interface InstalledIn {
  readonly tree: Tree
  readonly layers: readonly Layer[]
  readonly isWanted: (file: Located) => boolean
  /** The files that differ, among which databases are looked for. */
  readonly changed: Iterable<Located>
}

/** What databases tell, and which of them cannot be read. */
export interface Installed {
  readonly packages: readonly Package[]
  readonly unsupported: readonly string[]
}

/** The packages that a tree says are installed, by the files of databases that are wanted. Errors: those of readFiles. */
export async function installedPackages(
  { tree, layers, isWanted, changed }: InstalledIn,
  context: RunContext,
): Promise<Installed> {
  const databases = new Map<Located, PackageReader>()
  for (const reader of PACKAGE_READERS) {
    for (const file of reader.databases(tree, changed)) if (isWanted(file)) databases.set(file, reader)
  }
  const packages: Package[] = []
  const onPackages = (_: Located, found: Iterable<Package>): void => {
    for (const one of found) packages.push(one)
  }
  const unsupported = await readDatabases({ layers, databases, onPackages }, context)
  return { packages, unsupported: unsupported.map(({ path }) => path) }
}

/** Files of databases, each with who reads it, and who hears what it says. */
export interface DatabasesToRead {
  readonly layers: readonly Layer[]
  readonly databases: ReadonlyMap<Located, PackageReader>
  readonly onPackages: (file: Located, packages: Iterable<Package>) => void
  /** Other files to read in the same pass over the layers, each with who takes its content. */
  readonly also?: ReadonlyMap<Located, (content: Uint8Array) => void>
}

/** Reads databases, layer by layer; gives those that no reader knows. Errors: those of readFiles. */
export async function readDatabases(
  { layers, databases, onPackages, also = new Map() }: DatabasesToRead,
  context: RunContext,
): Promise<readonly Located[]> {
  const unsupported: Located[] = []
  const onFile = (file: Located, content: Uint8Array): void => {
    const reader = databases.get(file)
    if (reader === undefined) also.get(file)?.(content)
    else if (isBerkeleyDB(content)) unsupported.push(file)
    else onPackages(file, reader.read(file.path, content))
  }
  await readFiles({ layers, files: [...databases.keys(), ...also.keys()], most: MOST_DATABASE, onFile }, context)
  return unsupported
}
