import type { Manager } from '../../model/package-managers.js'
import type { Located, Tree } from '../../tree/tree.js'

export type { Manager } from '../../model/package-managers.js'

/** A package that a tree says is installed; all paths are one latin1 character a byte, without a leading slash. */
export interface Package {
  readonly manager: Manager
  readonly name: string
  readonly version: string
  /** dpkg and rpm install one name for several architectures. */
  readonly architecture?: string
  /** Where it is installed, for what can be installed many times. */
  readonly path?: string
  readonly files: PackageFiles
}

/** What belongs to a package. */
export type PackageFiles =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  /** One path a line in one of these files of the tree, relative to `base`. */
  | {
      readonly kind: 'list'
      readonly lists: readonly string[]
      readonly base: string
      readonly column: 'line' | 'csv' | 'md5sums'
    }
  /** Everything below a directory, but for other packages in it. */
  | { readonly kind: 'below'; readonly directory: string }

/** Knows one package manager: where its database lies, and what stands in it. */
export interface PackageReader {
  readonly manager: Manager
  /** The files of the database that the tree has; where they may lie anywhere, those among `changed`. */
  databases(tree: Tree, changed: Iterable<Located>): Iterable<Located>
  /** The packages of one file of the database. Never throws: damage gives what could be read. */
  read(path: string, content: Uint8Array): Iterable<Package>
  /** Whether a path is the manager's own bookkeeping, which changes with every package. */
  keeps(path: string): boolean
}

const LINES = new TextDecoder('utf-8')

/** Text of a database. */
export function textOf(content: Uint8Array): string {
  return LINES.decode(content)
}
