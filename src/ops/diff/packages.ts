import type { RunContext } from '../../context.js'
import type { Layer } from '../../model/image.js'
import { lookup } from '../../tree/resolve.js'
import type { Located } from '../../tree/tree.js'
import type { Side } from '../facts.js'
import { installedPackages, PACKAGE_READERS } from '../packages/installed.js'
import { ownedFiles, type Ownership } from '../packages/owned-files.js'
import type { Manager, Package } from '../packages/package.js'
import { compareVersions } from '../packages/version.js'
import type { FileChange } from './files.js'

/** A package that is not the same on both sides. */
export interface PackageChange {
  /** Unique in the diff, as `dpkg:openssl`. */
  readonly id: string
  readonly manager: Manager
  readonly name: string
  readonly change: 'added' | 'removed' | 'upgraded' | 'downgraded' | 'changed'
  /** Versions; several, if it is installed several times. */
  readonly a: string | null
  readonly b: string | null
  readonly path?: string
  files: number
}

/** One side: the merged tree, and the layers it was merged from. */
export interface PackagedSide {
  readonly side: Side
  readonly layers: readonly Layer[]
}

/** The packages that differ, and which of them each changed path belongs to. */
export interface PackageDiff {
  readonly changes: readonly PackageChange[]
  readonly folded: ReadonlyMap<FileChange, string>
  /** Databases that cannot be read, by side. */
  readonly unsupported: readonly { readonly side: 'a' | 'b'; readonly path: string }[]
}

/** Compares what is installed; databases that are the same on both sides are not read. Errors: those of readFiles. */
export async function diffPackages(
  a: PackagedSide,
  b: PackagedSide,
  files: readonly FileChange[],
  context: RunContext,
): Promise<PackageDiff> {
  if (files.length === 0) return { changes: [], folded: new Map(), unsupported: [] }
  const [ofA, ofB] = [
    await installedPackages(
      { ...treeOf(a), changed: changedOn('a', files), isWanted: (file) => isChanged(file, a.side, b.side) },
      context,
    ),
    await installedPackages(
      { ...treeOf(b), changed: changedOn('b', files), isWanted: (file) => isChanged(file, b.side, a.side) },
      context,
    ),
  ]
  const groups = grouped(ofA.packages, ofB.packages)
  const changed = groups.flatMap((group) => changeOf(group))
  const unsupported = [
    ...ofA.unsupported.map((path) => ({ side: 'a' as const, path })),
    ...ofB.unsupported.map((path) => ({ side: 'b' as const, path })),
  ]
  if (changed.length === 0) return { changes: [], folded: new Map(), unsupported }
  const [ownersA, ownersB] = [
    await ownedFiles(
      changed.flatMap(({ group }) => group.a),
      treeOf(a),
      context,
    ),
    await ownedFiles(
      changed.flatMap(({ group }) => group.b),
      treeOf(b),
      context,
    ),
  ]
  const folded = foldedUnder(changed, files, ownersA, ownersB)
  return { changes: changed.map(({ change }) => change), folded, unsupported }
}

function treeOf({ side, layers }: PackagedSide): Pick<Side, 'tree'> & Pick<PackagedSide, 'layers'> {
  return { tree: side.tree, layers }
}

/** The changed names that a side has. Made anew each time they are asked for: there may be many. */
function changedOn(side: 'a' | 'b', files: readonly FileChange[]): Iterable<Located> {
  return {
    *[Symbol.iterator]() {
      for (const file of files) {
        const node = file[side]
        if (node !== undefined) yield { path: side === 'a' ? (file.from ?? file.path) : file.path, node }
      }
    },
  }
}

function isChanged({ path, node }: Located, own: Side, other: Side): boolean {
  const found = lookup(other.tree, path, false)?.node
  if (found === undefined) return true
  if (found.inode === node.inode) return false
  const [one, two] = [own.hashOf(node.inode), other.hashOf(found.inode)]
  return one === undefined || two === undefined || one.some((byte, at) => byte !== two[at])
}

interface Group {
  readonly id: string
  readonly a: Package[]
  readonly b: Package[]
}

/** Packages of one name. Those that are installed several times on a side are told apart by architecture or place. */
function grouped(a: readonly Package[], b: readonly Package[]): Group[] {
  const nameOf = ({ manager, name }: Package) => `${manager}:${name}`
  const several = new Set([...repeated(a.map(nameOf)), ...repeated(b.map(nameOf))])
  const groups = new Map<string, Group>()
  const add = (one: Package, side: 'a' | 'b') => {
    const name = nameOf(one)
    const place = one.path === undefined ? one.architecture : `/${one.path}`
    const id = several.has(name) && place !== undefined ? `${name} ${place}` : name
    const group = groups.get(id) ?? { id, a: [], b: [] }
    groups.set(id, group)
    group[side].push(one)
  }
  for (const one of a) add(one, 'a')
  for (const one of b) add(one, 'b')
  return [...groups.values()].sort((x, y) => (x.id < y.id ? -1 : 1))
}

function repeated(names: readonly string[]): Set<string> {
  const seen = new Set<string>()
  return new Set(names.filter((name) => seen.has(name) || !seen.add(name)))
}

interface Changed {
  readonly group: Group
  readonly change: PackageChange
}

function changeOf(group: Group): Changed[] {
  const [a, b] = [versionsOf(group.a), versionsOf(group.b)]
  const [one] = [...group.a, ...group.b]
  if (a === b || one === undefined) return []
  const { manager, name } = one
  const path = (group.b[0] ?? one).path
  const change = a === null ? 'added' : b === null ? 'removed' : direction(manager, a, b)
  return [
    {
      group,
      change: { id: group.id, manager, name, change, a, b, ...(path !== undefined && { path: `/${path}` }), files: 0 },
    },
  ]
}

function versionsOf(packages: readonly Package[]): string | null {
  if (packages.length === 0) return null
  return [...new Set(packages.map(({ version }) => version))].sort().join(', ')
}

function direction(manager: Manager, a: string, b: string): PackageChange['change'] {
  const order = compareVersions(manager, a, b)
  return order < 0 ? 'upgraded' : order > 0 ? 'downgraded' : 'changed'
}

/** The id of the package of each changed path; the books of a manager whose packages changed stand under its name. */
function foldedUnder(
  changed: readonly Changed[],
  files: readonly FileChange[],
  ownersA: Ownership,
  ownersB: Ownership,
): Map<FileChange, string> {
  const changes = new Map<Package, PackageChange>()
  for (const { group, change } of changed) for (const one of [...group.a, ...group.b]) changes.set(one, change)
  const managers = new Set(changed.map(({ change }) => change.manager))
  const books = PACKAGE_READERS.filter(({ manager }) => managers.has(manager))
  const folded = new Map<FileChange, string>()
  for (const file of files) {
    const owner = ownersB.ownerOf(file.path) ?? ownersA.ownerOf(file.from ?? file.path)
    const change = owner === undefined ? undefined : changes.get(owner)
    if (change !== undefined) change.files += 1
    const id = change?.id ?? books.find((reader) => reader.keeps(file.path))?.manager
    if (id !== undefined) folded.set(file, id)
  }
  return folded
}
