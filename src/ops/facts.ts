import { isNameAmongOthers } from '../tree/entry-node.js'
import type { HashedTree } from '../tree/hashed.js'
import type { Inode, TreeNode } from '../tree/node.js'
import { everyNode, type Tree } from '../tree/tree.js'
import { exportedTime, exportedXattrs, isTouchedByExport } from './docker-export.js'
import { secondsOf } from './list-rows.js'
import type { Tolerances } from './tolerances.js'

/** How nodes are looked at: what a profile says that an export loses is lost on both sides. */
export interface View {
  /** Seconds; null where no entry describes the directory, so that its time is that of whoever unpacks it. */
  mtime(path: string, node: TreeNode): string | null
  xattrs(inode: Inode): ReadonlyMap<string, Uint8Array>
}

/** The view under some tolerances. Timestamps that are ignored stay in it: who compares counts them. */
export function viewOf({ profile }: Tolerances): View {
  const isExport = profile === 'docker-export'
  return {
    mtime(path, { inode, header }) {
      if (header === undefined || (isExport && isTouchedByExport(path))) return null
      return secondsOf(isExport ? exportedTime(inode.mtimeNs) : inode.mtimeNs)
    },
    xattrs: (inode) => (isExport ? exportedXattrs(inode) : inode.xattrs),
  }
}

/** What a walk over a tree tells. */
export interface Survey {
  /** Each file that has several names, with the first of them by its bytes. */
  readonly links: ReadonlyMap<Inode, string>
  /** Names below the root. */
  readonly entries: number
  /** Bytes of all files, hard links once. */
  readonly contentSize: number
}

/** Walks a tree for what needs all of it. */
export function surveyOf(tree: Tree): Survey {
  const names = new Map<Inode, Names>()
  let [entries, contentSize] = [0, 0]
  everyNode(tree, (node, prefix, name) => {
    entries += 1
    const { inode } = node
    if (inode.type === 'directory') return
    if (isNameAmongOthers(node)) addName(names, inode, prefix + name)
    else contentSize += inode.size
  })
  // What has a link may have a name of its own as well.
  if (names.size > 0) {
    everyNode(tree, (node, prefix, name) => {
      if (!isNameAmongOthers(node) && names.has(node.inode)) {
        addName(names, node.inode, prefix + name)
        contentSize -= node.inode.size
      }
    })
  }
  const links = new Map<Inode, string>()
  for (const [inode, { first, count }] of names) {
    contentSize += inode.size
    if (count > 1) links.set(inode, first)
  }
  return { links, entries, contentSize }
}

interface Names {
  readonly first: string
  readonly count: number
}

function addName(names: Map<Inode, Names>, inode: Inode, path: string): void {
  const { first, count } = names.get(inode) ?? { first: path, count: 0 }
  names.set(inode, { first: path < first ? path : first, count: count + 1 })
}

/** One side of a comparison. */
export interface Side extends HashedTree {
  readonly links: Survey['links']
}
