import { viewOf } from '../facts.js'
import type { FileChange, TreePair } from './files.js'
import { differences } from './files.js'

/**
 * Joins each removed file with an added one of the same content: a move or a rename. Files of the same name first, then
 * the others in order of their paths, so that both directions find the same pairs. Empty files are all alike and stay.
 */
export function joinRenames(changes: FileChange[], trees: TreePair): FileChange[] {
  const removed = byContent(candidates(changes, 'removed', trees), trees)
  if (removed.size === 0) return changes
  const added = byContent(candidates(changes, 'added', trees), trees)
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
    const { path, directory, name, b } = change
    const all = differences(path, { a: source.a, b, from: source.path }, { ...trees, view })
    const { mtime: _, ...others } = all
    const fields = trees.tolerances.fileTimestamps === true ? others : all
    return [{ path, directory, name, from: source.path, change: 'renamed' as const, a: source.a, b, fields }]
  })
}

/** Changed files of which the other side may have the content, told by the first bytes of the hashes: mostly there are few. */
function* candidates(
  changes: readonly FileChange[],
  kind: 'added' | 'removed',
  trees: TreePair,
): Generator<FileChange> {
  const others = beginnings(changes, kind === 'added' ? 'removed' : 'added', trees)
  for (const change of changes) {
    const hash = change.change === kind ? hashOf(change, trees) : undefined
    if (hash !== undefined && isAmong(beginningOf(hash), others)) yield change
  }
}

function hashOf({ change, a, b }: FileChange, trees: TreePair): Uint8Array | undefined {
  const [node, side] = change === 'removed' ? [a, trees.a] : [b, trees.b]
  return node?.inode.type === 'file' && node.inode.size > 0 ? side.hashOf(node.inode) : undefined
}

function beginnings(changes: readonly FileChange[], kind: 'added' | 'removed', trees: TreePair): Uint32Array {
  const found = new Uint32Array(changes.length)
  let count = 0
  for (const change of changes) {
    const hash = change.change === kind ? hashOf(change, trees) : undefined
    if (hash !== undefined) found[count++] = beginningOf(hash)
  }
  return found.subarray(0, count).sort()
}

function beginningOf(hash: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = hash
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

function isAmong(wanted: number, sorted: Uint32Array): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return sorted[low] === wanted
}

function byContent(changes: Iterable<FileChange>, trees: TreePair): Map<string, FileChange[]> {
  const groups = new Map<string, FileChange[]>()
  for (const change of changes) {
    const hash = hashOf(change, trees)
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
    const { name } = change
    const same = named.get(name)
    if (same === undefined) named.set(name, [change])
    else same.push(change)
  }
  const found: [FileChange, FileChange][] = []
  const rest: FileChange[] = []
  for (const change of gone) {
    const match = named.get(change.name)?.pop()
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
