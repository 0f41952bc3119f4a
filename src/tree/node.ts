import type { Span } from '../bytes/source.js'
import type { SparseRegion, TarEntry } from '../tar/entry.js'
import type { FileType } from '../tar/file-type.js'
import { latin1 } from '../tar/path.js'
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

const NOWHERE: Span = { offset: 0, length: 0 }

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

/** The inode that an entry of a layer makes; a directory is empty. */
export function inodeOf(entry: TarEntry, type: NodeType, layer: number): Inode {
  const device = type === 'char' || type === 'block'
  return {
    type,
    mode: type === 'symlink' ? 0o777 : entry.mode & 0o7777,
    uid: entry.uid,
    gid: entry.gid,
    size: type === 'file' ? entry.size : 0,
    mtimeNs: entry.mtimeNs,
    linkPath: type === 'symlink' ? latin1(entry.rawLinkPath) : '',
    devMajor: device ? entry.devMajor : 0,
    devMinor: device ? entry.devMinor : 0,
    xattrs: xattrsOf(entry.pax),
    layer,
    content: type === 'file' ? entry.content : NOWHERE,
    sparse: entry.sparse,
    children: type === 'directory' ? new Map() : undefined,
  }
}

/** What the header of a hard link says of the file. */
export function linkMetadata(entry: TarEntry): LinkMetadata {
  const { uid, gid, mtimeNs } = entry
  return { mode: entry.mode & 0o7777, uid, gid, mtimeNs, xattrs: xattrsOf(entry.pax) }
}

const CAPABILITY = 'security.capability'

/**
 * What a file becomes when one more name of it is unpacked: engines give it the owner, mode and times of the link, and the
 * attributes that the link has; a change of owner takes file capabilities away (Linux, chown(2)). A symlink has neither
 * mode nor, for docker, another time.
 */
export function relinked(inode: Inode, { mode, uid, gid, mtimeNs, xattrs }: LinkMetadata): Inode {
  const isSymlink = inode.type === 'symlink'
  const sameTimes = isSymlink || (mode === inode.mode && mtimeNs === inode.mtimeNs)
  const sameXattrs = xattrs.size === 0 && !inode.xattrs.has(CAPABILITY)
  if (sameTimes && sameXattrs && uid === inode.uid && gid === inode.gid) return inode
  const kept = sameXattrs ? [] : [...inode.xattrs].filter(([name]) => name !== CAPABILITY)
  const all = sameXattrs ? inode.xattrs : new Map([...kept, ...xattrs])
  return { ...inode, uid, gid, xattrs: all.size === 0 ? NO_XATTRS : all, ...(!isSymlink && { mode, mtimeNs }) }
}

/** The directory with the metadata of `inode` and the children of `before`. */
export function redescribed(before: DirectoryNode, inode: Inode): Inode {
  return { ...inode, children: before.inode.children }
}
