import { latin1 } from '../tar/path.js'
import type { HashedTree } from '../tree/hashed.js'
import type { Inode, TreeNode } from '../tree/node.js'
import { walkTree, type Tree } from '../tree/tree.js'
import { exportedTime, exportedXattrs, isTouchedByExport } from './docker-export.js'
import { secondsOf } from './list-rows.js'
import type { Tolerances } from './tolerances.js'

/** The value of a field; null where a node of that type has none. */
export type Value = string | number | null

/** What is compared of a node, and what its digest is made of; attributes as `xattr:NAME`. */
export type Facts = ReadonlyMap<string, Value>

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

/** Walks a tree once for what needs all of it. */
export function surveyOf(tree: Tree): Survey {
  const seen = new Map<Inode, string>()
  const links = new Map<Inode, string>()
  let [entries, contentSize] = [0, 0]
  for (const { path, node } of walkTree(tree)) {
    entries += 1
    const { inode } = node
    if (inode.type === 'directory') continue
    const first = links.get(inode) ?? seen.get(inode)
    if (first === undefined) {
      seen.set(inode, path)
      contentSize += inode.size
    } else links.set(inode, path < first ? path : first)
  }
  return { links, entries, contentSize }
}

/** One side of a comparison. */
export interface Side extends HashedTree {
  readonly links: Survey['links']
}

/** All facts of a node, in a fixed order. */
export function factsOf(path: string, node: TreeNode, side: Side, view: View): Facts {
  const { inode } = node
  const isFile = inode.type === 'file'
  const isDevice = inode.type === 'char' || inode.type === 'block'
  const hash = side.hashOf(inode)
  const first = side.links.get(inode)
  const facts = new Map<string, Value>([
    ['type', inode.type],
    ['mode', inode.mode],
    ['uid', inode.uid],
    ['gid', inode.gid],
    ['size', isFile ? inode.size : null],
    ['sha256', hash === undefined ? null : hexOfBytes(hash)],
    ['linkPath', inode.type === 'symlink' ? inode.linkPath : null],
    ['device', isDevice ? `${inode.devMajor},${inode.devMinor}` : null],
    ['mtime', view.mtime(path, node)],
    ['hardlink', first === undefined || first === path ? null : first],
  ])
  for (const [name, value] of view.xattrs(inode)) facts.set(`xattr:${name}`, latin1(value))
  return facts
}

/** Lower-case hex. */
export function hexOfBytes(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}
