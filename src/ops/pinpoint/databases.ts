import type { RunContext } from '../../context.js'
import type { Layer } from '../../model/image.js'
import { readFiles } from '../../tree/read-files.js'
import { lookup, realPaths } from '../../tree/resolve.js'
import type { Located, Tree } from '../../tree/tree.js'
import { apkSums } from './apk-sums.js'
import { dpkgSums } from './dpkg-sums.js'
import { pythonSums } from './python-sums.js'
import { rpmSums } from './rpm-sums.js'
import type { SumClaim, SumList, SumReader } from './sum.js'

/** Who keeps checksums of files inside an image; a new one is a file and a line here. */
const READERS: readonly SumReader[] = [dpkgSums, apkSums, pythonSums, rpmSums]

const MOST_DATABASE = 256 * 1024 * 1024

/** A claim, and the database that makes it. */
export interface PlacedClaim extends SumClaim {
  readonly database: Located
}

/** What the databases of a tree say of the files whose content lies in one layer. */
export interface LayerClaims {
  /** By where the content begins in the layer's tar. */
  readonly byContent: ReadonlyMap<number, readonly PlacedClaim[]>
  /** Made by a database in that layer, of files that the tree does not have. */
  readonly unfound: readonly PlacedClaim[]
  /** Databases in that layer with a line that cannot be read. */
  readonly odd: readonly { readonly database: Located; readonly line: number }[]
}

/**
 * Reads the databases of a tree that was merged from `layers`, for the files of layer `index`. Errors: those of readFiles.
 */
export async function claimsFor(
  { tree, layers, index }: { readonly tree: Tree; readonly layers: readonly Layer[]; readonly index: number },
  context: RunContext,
): Promise<LayerClaims> {
  const byContent = new Map<number, PlacedClaim[]>()
  const unfound: PlacedClaim[] = []
  const odd: { database: Located; line: number }[] = []
  const real = realPaths(tree)
  await readDatabases(tree, layers, context, (database, { claims, oddLine }) => {
    const isHere = database.node.inode.layer === index
    if (oddLine !== undefined && isHere) odd.push({ database, line: oddLine })
    for (const claim of claims) {
      const inode = lookup(tree, real(claim.path), false)?.node.inode
      if (inode === undefined && isHere) unfound.push({ ...claim, database })
      if (inode?.type !== 'file' || inode.layer !== index || inode.size === 0 || inode.sparse !== undefined) continue
      const list = byContent.get(inode.content.offset) ?? []
      list.push({ ...claim, database })
      byContent.set(inode.content.offset, list)
    }
  })
  return { byContent, unfound, odd }
}

async function readDatabases(
  tree: Tree,
  layers: readonly Layer[],
  context: RunContext,
  onList: (database: Located, list: SumList) => void,
): Promise<void> {
  const readers = new Map<Located, SumReader>()
  for (const reader of READERS) for (const file of reader.databases(tree)) readers.set(file, reader)
  const onFile = (file: Located, content: Uint8Array) => {
    const list = readers.get(file)?.read(file.path, content)
    if (list !== undefined) onList(file, list)
  }
  await readFiles({ layers, files: [...readers.keys()], most: MOST_DATABASE, onFile }, context)
}
