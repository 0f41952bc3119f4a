import { DEFAULT_LIMITS, runContext, type Limits } from '../../src/context.js'
import type { FindingCode } from '../../src/findings.js'
import { findingLog } from '../../src/model/finding-log.js'
import type { Layer } from '../../src/model/image.js'
import { mergedTree } from '../../src/tree/merged.js'
import type { Inode, TreeNode } from '../../src/tree/node.js'
import { lookup } from '../../src/tree/resolve.js'
import { walkTree, type Tree } from '../../src/tree/tree.js'
import { layersOf, type LayerEntry } from './layers.js'

/** A merged tree, and the codes and entries of what was found on the way. */
export interface Merged {
  readonly tree: Tree
  readonly found: readonly (readonly [code: FindingCode, entry: string | undefined])[]
}

/** Merges layers of these entries, base first. */
export async function mergeEntries(...layers: readonly (readonly LayerEntry[])[]): Promise<Merged> {
  return mergeLayers(layersOf(...layers))
}

/** Merges layers; some limits may be others than the default. */
export async function mergeLayers(layers: readonly Layer[], limits: Partial<Limits> = {}): Promise<Merged> {
  const log = findingLog('test.tar')
  const tree = await mergedTree(layers, log, runContext({ limits: { ...DEFAULT_LIMITS, ...limits } }))
  return { tree, found: log.findings.map(({ code, where }) => [code, where.entry] as const) }
}

/** Every path of a tree in order: a slash behind directories, an arrow to a symlink's target, `=` before the first hard link. */
export function paths({ tree }: Merged): string[] {
  const firsts = new Map<Inode, string>()
  return Array.from(walkTree(tree), ({ path, node: { inode } }) => {
    const first = firsts.get(inode)
    if (first === undefined) firsts.set(inode, path)
    if (inode.type === 'directory') return `${path}/`
    if (first !== undefined) return `${path} = ${first}`
    return inode.type === 'symlink' ? `${path} -> ${inode.linkPath}` : path
  })
}

/** The node at a path, a link at its end not followed. */
export function nodeAt({ tree }: Merged, path: string): TreeNode | undefined {
  return lookup(tree, path, false)?.node
}
