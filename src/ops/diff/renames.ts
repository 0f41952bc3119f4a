import { viewOf } from '../facts.js'
import type { FileChange, TreePair } from './files.js'
import { differences } from './files.js'

/**
 * Joins each removed file with an added one of the same content: a move or a rename. Files of the same name first, then
 * the others in order of their paths, so that both directions find the same pairs. Empty files are all alike and stay.
 */
export function joinRenames(changes: readonly FileChange[], trees: TreePair): FileChange[] {
  const removed = byContent(changes, 'removed', trees)
  const added = byContent(changes, 'added', trees)
  const joined = new Map<FileChange, FileChange>()
  for (const [content, gone] of removed) {
    for (const [from, to] of pairs(gone, added.get(content) ?? [])) joined.set(to, from)
  }
  const view = viewOf(trees.tolerances)
  const gone = new Set(joined.values())
  return changes.flatMap((change) => {
    if (gone.has(change)) return []
    const source = joined.get(change)
    if (source === undefined) return [change]
    const { path, b } = change
    const fields = differences(path, { a: source.a, b, from: source.path }, { ...trees, view })
    if (trees.tolerances.fileTimestamps === true) delete fields.mtime
    return [{ path, from: source.path, change: 'renamed' as const, a: source.a, b, fields }]
  })
}

function byContent(
  changes: readonly FileChange[],
  kind: 'added' | 'removed',
  { a, b }: TreePair,
): Map<string, FileChange[]> {
  const groups = new Map<string, FileChange[]>()
  for (const change of changes) {
    const node = change.a ?? change.b
    if (change.change !== kind || node?.inode.type !== 'file' || node.inode.size === 0) continue
    const hash = (kind === 'removed' ? a : b).hashOf(node.inode)
    if (hash === undefined) continue
    const key = String.fromCharCode(...hash)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [change])
    else group.push(change)
  }
  return groups
}

/** Files of the same name in order, then what is left in order. */
function pairs(gone: readonly FileChange[], come: readonly FileChange[]): [FileChange, FileChange][] {
  const named = new Map<string, FileChange[]>()
  // Last one first, so that the first one is at hand.
  for (const change of come.toReversed()) {
    const name = nameOf(change)
    const same = named.get(name)
    if (same === undefined) named.set(name, [change])
    else same.push(change)
  }
  const found: [FileChange, FileChange][] = []
  const rest: FileChange[] = []
  for (const change of gone) {
    const match = named.get(nameOf(change))?.pop()
    if (match === undefined) rest.push(change)
    else found.push([change, match])
  }
  const taken = new Set(found.map(([, to]) => to))
  const others = come.filter((change) => !taken.has(change))
  return [...found, ...rest.flatMap((change, index) => pairOf(change, others[index]))]
}

function pairOf(from: FileChange, to: FileChange | undefined): [FileChange, FileChange][] {
  return to === undefined ? [] : [[from, to]]
}

function nameOf({ path }: FileChange): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
