import type { Span } from '../bytes/source.js'
import type { SparseRegion } from '../tar/entry.js'
import type { FileType } from '../tar/file-type.js'
import type { RecordedEntry } from './entry-records.js'
import { NO_XATTRS, xattrsOf } from './xattrs.js'

/** What a node of a tree is; a hard link is a second name for one of these. */
export type NodeType = FileType

/** What lies behind one name, or behind several that are hard links of each other: then they share this object. */
export interface Inode {
  readonly type: NodeType
  /** Permission bits with setuid, setgid and sticky; 0777 for symlinks, which have none of their own. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Logical bytes of a file; 0 for all else. */
  readonly size: number
  /** Nanoseconds since 1970, as the header says: not clamped to what a file system can hold. */
  readonly mtimeNs: bigint
  /** Target of a symlink as stored, one latin1 character a byte; '' for all else. */
  readonly linkPath: string
  readonly devMajor: number
  readonly devMinor: number
  /** Extended attributes by name, without those of overlayfs. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>
  /** Index of the layer whose tar holds the content. */
  readonly layer: number
  /** Where the stored content lies in that tar. */
  readonly content: Span
  readonly sparse: readonly SparseRegion[] | undefined
  /** Names to nodes, one latin1 character a byte, unsorted; undefined for all but directories. Only this folder writes to it. */
  readonly children: Map<string, TreeNode> | undefined
}

/** What a hard link's own header says of the file. */
export type LinkMetadata = Pick<Inode, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'xattrs'>

/** One name in a tree. */
export interface TreeNode {
  /** Only this folder gives a name another one. */
  inode: Inode
  /** Index of the layer that made the name, base = 0; for a directory, the last that gave it metadata. */
  readonly layer: number
  /** The header blocks in that layer's tar; undefined for a directory that no entry made, only paths below it. */
  readonly header: Span | undefined
}

/** A directory: the only nodes with names in them. */
export type DirectoryNode = TreeNode & { inode: { readonly children: Map<string, TreeNode> } }

/** Where the content of what has none lies. */
export const NOWHERE: Span = { offset: 0, length: 0 }

/** Whether a node is a directory. */
export function isDirectory(node: TreeNode | undefined): node is DirectoryNode {
  return node?.inode.children !== undefined
}

/** A directory that a path implies and no entry describes: 0755, root's, of 1970, as overlay2 makes it but for the time. */
export function impliedDirectory(layer: number): DirectoryNode {
  const inode = {
    type: 'directory' as const,
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeNs: 0n,
    linkPath: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: NO_XATTRS,
    layer,
    content: NOWHERE,
    sparse: undefined,
    children: new Map<string, TreeNode>(),
  }
  return { inode, layer, header: undefined }
}

/** What the header of a hard link says of the file. */
export function linkMetadata(entry: RecordedEntry): LinkMetadata {
  const { uid, gid, mtimeNs } = entry
  return { mode: entry.mode & 0o7777, uid, gid, mtimeNs, xattrs: xattrsOf(entry.pax) }
}

const CAPABILITY = 'security.capability'

/**
 * What a file becomes when one more name of it is unpacked: engines give it the owner, mode and times of the link, and the
 * attributes that the link has; a change of owner takes file capabilities away (Linux, chown(2)). A symlink has neither
 * mode nor, for docker, another time.
 */
export function relinked(inode: Inode, link: LinkMetadata): Inode {
  // One by one: what an inode has may be computed, and then a spread would lose it.
  const { type, size, linkPath, devMajor, devMinor, layer, content, sparse, children } = inode
  const { mode, mtimeNs } = type === 'symlink' ? inode : link
  const { uid, gid } = link
  const xattrs = relinkedXattrs(inode, link)
  const isSame = mode === inode.mode && mtimeNs === inode.mtimeNs && uid === inode.uid && gid === inode.gid
  if (isSame && xattrs === inode.xattrs) return inode
  return { type, mode, uid, gid, size, mtimeNs, linkPath, devMajor, devMinor, xattrs, layer, content, sparse, children }
}

function relinkedXattrs({ xattrs }: Inode, link: LinkMetadata): Inode['xattrs'] {
  if (link.xattrs.size === 0 && !xattrs.has(CAPABILITY)) return xattrs
  const all = new Map([...[...xattrs].filter(([name]) => name !== CAPABILITY), ...link.xattrs])
  return all.size === 0 ? NO_XATTRS : all
}

/** The directory with the metadata of `inode` and the children of `before`. */
export function redescribed(before: DirectoryNode, inode: Inode): Inode {
  return { ...inode, children: before.inode.children }
}
