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
  const readers = new Map<Located, PackageReader>()
  for (const reader of PACKAGE_READERS) {
    for (const file of reader.databases(tree, changed)) if (isWanted(file)) readers.set(file, reader)
  }
  const packages: Package[] = []
  const unsupported: string[] = []
  const onFile = (file: Located, content: Uint8Array) => {
    if (isBerkeleyDB(content)) unsupported.push(file.path)
    else for (const one of readers.get(file)?.read(file.path, content) ?? []) packages.push(one)
  }
  await readFiles({ layers, files: [...readers.keys()], most: MOST_DATABASE, onFile }, context)
  return { packages, unsupported }
}
