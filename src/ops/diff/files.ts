import type { TreeNode } from '../../tree/node.js'
import { isAddedByExport, isTouchedByExport } from '../docker-export.js'
import { factsOf, viewOf, type Facts, type Side, type Value, type View } from '../facts.js'
import { pathFilter } from '../path-patterns.js'
import type { Ignored, Tolerances } from '../tolerances.js'
import { zipTrees } from './zip-trees.js'

/** A field with both its values. */
export interface FieldPair {
  readonly a: Value
  readonly b: Value
}

/** A path that is not the same in both trees; all names one latin1 character a byte. */
export interface FileChange {
  readonly path: string
  readonly change: 'added' | 'removed' | 'modified' | 'renamed'
  /** Of what was renamed: its path on side a. */
  readonly from?: string
  readonly a: TreeNode | undefined
  readonly b: TreeNode | undefined
  readonly fields: ReadonlyMap<string, FieldPair>
}

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
  for (const pair of zipTrees(a.tree, b.tree)) {
    const { path } = pair
    if (pair.a?.inode === pair.b?.inode && pair.a?.inode !== undefined && !isLinked(pair.a, a, b)) continue
    const fields = differences(path, pair, { a, b, view })
    const isWhole = pair.a !== undefined && pair.b !== undefined
    if (isWhole && fields.size === 0) continue
    const rule = hidden(path, pair.a, pair.b)
    if (rule !== undefined) {
      ignored.add(rule, 'paths')
      continue
    }
    if (isWhole) {
      dropTimes(fields, tolerances, ignored)
      if (fields.size > 0) changes.push({ ...pair, change: 'modified', fields })
    } else changes.push({ ...pair, change: pair.a === undefined ? 'added' : 'removed', fields: new Map() })
  }
  return changes
}

// Trees that grew from the same layers share inodes; other names of the inode may still differ.
function isLinked({ inode }: TreeNode, a: Side, b: Side): boolean {
  return a.links.has(inode) || b.links.has(inode)
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

function dropTimes(fields: Map<string, FieldPair>, { fileTimestamps }: Tolerances, ignored: Ignored): void {
  if (fileTimestamps === true && fields.delete('mtime')) ignored.add('--ignore-timestamps', 'mtimes')
}

interface Sides {
  readonly a: Side
  readonly b: Side
  readonly view: View
}

/** The fields in which two nodes differ. */
export function differences(
  path: string,
  nodes: { readonly a: TreeNode | undefined; readonly b: TreeNode | undefined; readonly from?: string },
  { a, b, view }: Sides,
): Map<string, FieldPair> {
  if (nodes.a === undefined || nodes.b === undefined) return new Map()
  return pairsOf(factsOf(nodes.from ?? path, nodes.a, a, view), factsOf(path, nodes.b, b, view))
}

function pairsOf(a: Facts, b: Facts): Map<string, FieldPair> {
  const fields = new Map<string, FieldPair>()
  for (const [name, value] of a) {
    const other = b.get(name) ?? null
    if (value !== other) fields.set(name, { a: value, b: other })
  }
  for (const [name, value] of b) if (!a.has(name)) fields.set(name, { a: null, b: value })
  // A time that nobody wrote down differs from none.
  const mtime = fields.get('mtime')
  if (mtime !== undefined && (mtime.a === null || mtime.b === null)) fields.delete('mtime')
  return fields
}
