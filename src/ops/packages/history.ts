import { walkTree, type Located, type Tree } from '../../tree/tree.js'
import { PACKAGE_READERS } from './installed.js'
import type { Manager, Package, PackageReader } from './package.js'

/** A package without its files, of which there may be a million, and the layer from which on it is there in that version. */
export type DatedPackage = Omit<Package, 'files'> & { readonly layer: number }

/** The files of databases that layers wrote, one after the other. */
export interface DatabaseHistory {
  /** Looks at the tree as it stands when a layer was applied. */
  see(layer: number, tree: Tree): void
  /** All versions of the databases that the last tree has. */
  of(tree: Tree): DatedDatabases
}

/** Versions of databases, to be read in the order of their layers. */
export interface DatedDatabases {
  readonly files: ReadonlyMap<Located, PackageReader>
  /** Whether a file is the last version of its database. */
  isLast(file: Located): boolean
  /** Takes what a version says: what it says of the last one, nothing for those before. */
  date(file: Located, packages: Iterable<Package>): readonly DatedPackage[]
}

/** A file of a database as a layer left it; undefined where the layer left none. */
type Version = { readonly layer: number; readonly file: Located } | undefined

/** A history of the databases of these managers, of all unless given. */
export function databaseHistory(managers: readonly Manager[] | undefined): DatabaseHistory {
  const readers = PACKAGE_READERS.filter(({ manager }) => managers?.includes(manager) !== false)
  const versionsOf = new Map(readers.map((reader) => [reader, new Map<string, Version[]>()]))
  return {
    see(layer, tree) {
      for (const [reader, paths] of versionsOf) {
        // What may lie anywhere has a file for each package, which says of itself which layer it is from.
        const now = new Map(Array.from(reader.databases(tree, []), (file) => [file.path, file]))
        for (const path of now.keys()) if (!paths.has(path)) paths.set(path, [])
        for (const [path, versions] of paths) addVersion(versions, layer, now.get(path))
      }
    },
    of(tree) {
      const everywhere = { [Symbol.iterator]: () => walkTree(tree) }
      const dated = datedDatabases()
      for (const [reader, paths] of versionsOf) {
        for (const file of reader.databases(tree, everywhere)) {
          dated.add(reader, paths.get(file.path) ?? [{ layer: file.node.inode.layer, file }])
        }
      }
      return dated
    },
  }
}

function addVersion(versions: Version[], layer: number, file: Located | undefined): void {
  const last = versions.at(-1)
  if (file === undefined) versions.push(undefined)
  else if (last?.file.node.inode !== file.node.inode) versions.push({ layer, file })
}

interface Database {
  readonly versions: number
  /** Which of them was told last, and since which layer each of its packages is there. */
  told: number
  since: ReadonlyMap<string, number>
}

interface Place {
  readonly database: Database
  readonly version: number
  readonly layer: number
}

function datedDatabases(): DatedDatabases & { add(reader: PackageReader, versions: readonly Version[]): void } {
  const files = new Map<Located, PackageReader>()
  const places = new Map<Located, Place>()
  const isLast = ({ database, version }: Place): boolean => version === database.versions - 1
  return {
    files,
    add(reader, versions) {
      const database: Database = { versions: versions.length, told: -1, since: new Map() }
      versions.forEach((one, version) => {
        if (one === undefined) return
        files.set(one.file, reader)
        places.set(one.file, { database, version, layer: one.layer })
      })
    },
    isLast(file) {
      const place = places.get(file)
      return place !== undefined && isLast(place)
    },
    date(file, packages) {
      const place = places.get(file)
      return place === undefined ? [] : datedIn(place, packages, isLast(place))
    },
  }
}

function datedIn({ database, version, layer }: Place, packages: Iterable<Package>, isLast: boolean): DatedPackage[] {
  // Behind a version that is not there, or could not be read, all begins anew.
  const before = version === database.told + 1 ? database.since : undefined
  const since = new Map<string, number>()
  const dated: DatedPackage[] = []
  for (const { files: _, ...one } of packages) {
    const key = `${one.name}\0${one.version}\0${one.architecture ?? ''}`
    const first = before?.get(key) ?? layer
    if (isLast) dated.push({ ...one, layer: first })
    else since.set(key, first)
  }
  database.told = version
  database.since = since
  return dated
}
