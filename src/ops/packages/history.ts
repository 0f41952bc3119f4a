import { walkTree, type Located, type Tree } from '../../tree/tree.js'
import { PACKAGE_READERS } from './installed.js'
import type { Manager, PackageReader } from './package.js'

/** A file of a database as a layer left it. */
export interface DatabaseVersion {
  readonly layer: number
  readonly file: Located
}

/** The files of databases that layers wrote, one after the other. */
export interface DatabaseHistory {
  /** Looks at the tree as it stands when a layer was applied. */
  see(layer: number, tree: Tree): void
  /** Of the databases that the last tree has: all versions, oldest first, and who reads each. */
  of(tree: Tree): {
    readonly versions: readonly (readonly DatabaseVersion[])[]
    readonly databases: ReadonlyMap<Located, PackageReader>
  }
}

/** A history of the databases of these managers, of all unless given. */
export function databaseHistory(managers: readonly Manager[] | undefined): DatabaseHistory {
  const readers = PACKAGE_READERS.filter(({ manager }) => managers?.includes(manager) !== false)
  const versionsOf = new Map(readers.map((reader) => [reader, new Map<string, DatabaseVersion[]>()]))
  return {
    see(layer, tree) {
      for (const [reader, paths] of versionsOf) {
        // What may lie anywhere has a file for each package, which says of itself which layer it is from.
        for (const file of reader.databases(tree, [])) addVersion(paths, { layer, file })
      }
    },
    of(tree) {
      const everywhere = { [Symbol.iterator]: () => walkTree(tree) }
      const databases = new Map<Located, PackageReader>()
      const versions: DatabaseVersion[][] = []
      for (const [reader, paths] of versionsOf) {
        for (const file of reader.databases(tree, everywhere)) {
          const all = paths.get(file.path) ?? [{ layer: file.node.inode.layer, file }]
          versions.push(all)
          for (const one of all) databases.set(one.file, reader)
        }
      }
      return { versions, databases }
    },
  }
}

function addVersion(paths: Map<string, DatabaseVersion[]>, version: DatabaseVersion): void {
  const { path, node } = version.file
  const before = paths.get(path) ?? []
  if (before.at(-1)?.file.node.inode === node.inode) return
  before.push(version)
  paths.set(path, before)
}
