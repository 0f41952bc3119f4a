import { hexOfBytes } from '../../bytes/hex.js'
import { latin1 } from '../../tar/path.js'
import type { Inode, TreeNode } from '../../tree/node.js'
import { isAddedByExport, isTouchedByExport } from '../docker-export.js'
import { viewOf, type Side, type View } from '../facts.js'
import { pathFilter } from '../path-patterns.js'
import type { Ignored, Tolerances } from '../tolerances.js'
import { pathOf, zipTrees, type Pair } from './zip-trees.js'

/** A field with both its values. */
export interface FieldPair {
  readonly a: Value
  readonly b: Value
}

/** A path that is not the same in both trees; all names one latin1 character a byte. */
export interface FileChange extends Pair {
  readonly path: string
  readonly change: 'added' | 'removed' | 'modified' | 'renamed'
  /** Of what was renamed: its path on side a. */
  readonly from?: string
  readonly fields: Readonly<Fields>
}

// Of what is added or removed: there may be many.
const NO_FIELDS: Readonly<Fields> = Object.freeze({})

/** A class, since a path that is put together when it is asked for takes no memory, and there may be a path for every file. */
class PathChange implements FileChange {
  readonly directory: string
  readonly name: string
  readonly a: TreeNode | undefined
  readonly b: TreeNode | undefined
  readonly change: FileChange['change']
  readonly fields: Readonly<Fields>

  constructor({ directory, name, a, b }: Pair, change: FileChange['change'], fields: Readonly<Fields>) {
    this.directory = directory
    this.name = name
    this.a = a
    this.b = b
    this.change = change
    this.fields = fields
  }

  get path(): string {
    return pathOf(this)
  }
}

/** By name; few of the many fields differ. */
export type Fields = Record<string, FieldPair>

/** The value of a field; null where a node of that type has none. */
export type Value = string | number | null

/** Two trees, and what of their differences does not count. */
export interface TreePair {
  readonly a: Side
  readonly b: Side
  readonly tolerances: Tolerances
  readonly ignored: Ignored
}

/** The paths that differ, in the order of `docker export`; what tolerances hide is counted. */
export function diffFiles({ a, b, tolerances, ignored }: TreePair): FileChange[] {
  const view = viewOf(tolerances)
  const hidden = hiddenBy(tolerances)
  const changes: FileChange[] = []
  for (const pair of zipTrees(a.tree, b.tree, { skipShared: !isNamedAnew(a, b) })) {
    if (pair.a?.inode === pair.b?.inode && pair.a?.inode !== undefined && !isLinked(pair.a, a, b)) continue
    const path = pathOf(pair)
    const fields = differences(path, pair, { a, b, view })
    const isWhole = pair.a !== undefined && pair.b !== undefined
    if (isWhole && isEmpty(fields)) continue
    const rule = hidden(path, pair.a, pair.b)
    if (rule !== undefined) {
      ignored.add(rule, 'paths')
      continue
    }
    if (isWhole) {
      const counted = withoutTimes(fields, tolerances, ignored)
      if (!isEmpty(counted)) changes.push(new PathChange(pair, 'modified', counted))
    } else changes.push(new PathChange(pair, pair.a === undefined ? 'added' : 'removed', NO_FIELDS))
  }
  return changes
}

// Trees that grew from the same layers share inodes; other names of the inode may still differ.
function isLinked({ inode }: TreeNode, a: Side, b: Side): boolean {
  return a.links.has(inode) || b.links.has(inode)
}

/** Whether a file of the layers that both trees share has other names in one of them, which its fields tell. */
function isNamedAnew(a: Side, b: Side): boolean {
  const isOther = (own: Side, other: Side) =>
    [...own.links].some(([inode, first]) => inode.layer < own.sharedLayers && other.links.get(inode) !== first)
  return isOther(a, b) || isOther(b, a)
}

type Hides = (path: string, a: TreeNode | undefined, b: TreeNode | undefined) => string | undefined

/** Which tolerance hides a path that differs. */
function hiddenBy({ ignore = [], profile }: Tolerances): Hides {
  const matches = pathFilter(ignore)
  return (path, a, b) => {
    const isDirectory = (a ?? b)?.inode.type === 'directory'
    if (matches(path, isDirectory)) return '--ignore'
    if (profile !== 'docker-export') return undefined
    const isMade = isTouchedByExport(path) && !(a?.inode.type === 'directory' && b?.inode.type === 'directory')
    return isMade || isAddedByExport(path) ? '--profile docker-export' : undefined
  }
}

function withoutTimes(fields: Readonly<Fields>, { fileTimestamps }: Tolerances, ignored: Ignored): Readonly<Fields> {
  if (fileTimestamps !== true || fields.mtime === undefined) return fields
  const { mtime: _, ...others } = fields
  ignored.add('--ignore-timestamps', 'mtimes')
  return others
}

function isEmpty(fields: Readonly<Fields>): boolean {
  for (const _ in fields) return false
  return true
}

interface Sides {
  readonly a: Side
  readonly b: Side
  readonly view: View
}

/** The fields in which two nodes differ; none where one of them is not there. */
export function differences(
  path: string,
  nodes: { readonly a: TreeNode | undefined; readonly b: TreeNode | undefined; readonly from?: string },
  { a, b, view }: Sides,
): Readonly<Fields> {
  const [one, two] = [nodes.a, nodes.b]
  if (one === undefined || two === undefined) return NO_FIELDS
  const fields: Fields = {}
  const add = (name: string, own: Value, other: Value) => {
    if (own !== other) fields[name] = { a: own, b: other }
  }
  const [x, y] = [one.inode, two.inode]
  if (x !== y) {
    add('type', x.type, y.type)
    add('mode', x.mode, y.mode)
    add('uid', x.uid, y.uid)
    add('gid', x.gid, y.gid)
    add('size', x.type === 'file' ? x.size : null, y.type === 'file' ? y.size : null)
    addHashes(fields, a.hashOf(x), b.hashOf(y))
    add('linkPath', targetOf(x), targetOf(y))
    add('device', deviceOf(x), deviceOf(y))
    addXattrs(fields, view.xattrs(x), view.xattrs(y))
  }
  const [own, other] = [view.mtime(nodes.from ?? path, one), view.mtime(path, two)]
  // A time that nobody wrote down differs from none.
  if (own !== null && other !== null) add('mtime', own, other)
  add('hardlink', firstName(a, x, nodes.from ?? path), firstName(b, y, path))
  return fields
}

function targetOf({ type, linkPath }: Inode): Value {
  return type === 'symlink' ? linkPath : null
}

function deviceOf({ type, devMajor, devMinor }: Inode): Value {
  return type === 'char' || type === 'block' ? `${devMajor},${devMinor}` : null
}

function firstName({ links }: Side, inode: Inode, path: string): Value {
  const first = links.get(inode)
  return first === path ? null : (first ?? null)
}

function addHashes(fields: Fields, a: Uint8Array | undefined, b: Uint8Array | undefined): void {
  if (a === b || (a !== undefined && b !== undefined && a.every((byte, at) => byte === b[at]))) return
  fields.sha256 = { a: a === undefined ? null : hexOfBytes(a), b: b === undefined ? null : hexOfBytes(b) }
}

type Xattrs = ReadonlyMap<string, Uint8Array>

function addXattrs(fields: Fields, a: Xattrs, b: Xattrs): void {
  if (a.size === 0 && b.size === 0) return
  for (const name of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [one, two] = [a.get(name), b.get(name)]
    const pair = { a: one === undefined ? null : latin1(one), b: two === undefined ? null : latin1(two) }
    if (pair.a !== pair.b) fields[`xattr:${name}`] = pair
  }
}
