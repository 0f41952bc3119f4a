import type { Span } from '../bytes/source.js'
import { latin1 } from '../tar/path.js'
import type { RecordedEntry } from './entry-records.js'
import { NOWHERE, type Inode, type NodeType, type TreeNode } from './node.js'
import { xattrsOf } from './xattrs.js'

/** What many inodes of a layer have in common: one record for all of them. */
type Traits = Pick<Inode, 'type' | 'mode' | 'uid' | 'gid' | 'linkPath' | 'devMajor' | 'devMinor' | 'xattrs' | 'layer'>

const SECOND = 1_000_000_000n

/**
 * A name and the inode behind it in one: all that images have many of. A class, since its fields take 80 bytes where a node
 * and an inode with all that can be derived take five times as much, and half of a million of them is no rarity.
 */
class EntryNode implements TreeNode, Inode {
  inode: Inode = this
  private readonly traits: Traits
  // Small integers lie in the object itself, a bigint does not.
  private readonly seconds: number
  private readonly nanos: number
  private readonly start: number
  private readonly headerLength: number
  readonly size: number

  constructor(traits: Traits, { mtimeNs, header, content }: RecordedEntry) {
    this.traits = traits
    this.seconds = Number(mtimeNs / SECOND)
    this.nanos = Number(mtimeNs % SECOND)
    this.start = header.offset
    this.headerLength = header.length
    this.size = traits.type === 'file' ? content.length : 0
  }

  get type(): NodeType {
    return this.traits.type
  }
  get mode(): number {
    return this.traits.mode
  }
  get uid(): number {
    return this.traits.uid
  }
  get gid(): number {
    return this.traits.gid
  }
  get mtimeNs(): bigint {
    return BigInt(this.seconds) * SECOND + BigInt(this.nanos)
  }
  get linkPath(): string {
    return this.traits.linkPath
  }
  get devMajor(): number {
    return this.traits.devMajor
  }
  get devMinor(): number {
    return this.traits.devMinor
  }
  get xattrs(): Inode['xattrs'] {
    return this.traits.xattrs
  }
  get layer(): number {
    return this.traits.layer
  }
  get header(): Span {
    return { offset: this.start, length: this.headerLength }
  }
  // The content begins where the headers end.
  get content(): Span {
    return this.type === 'file' ? { offset: this.start + this.headerLength, length: this.size } : NOWHERE
  }
  get sparse(): undefined {
    return undefined
  }
  get children(): undefined {
    return undefined
  }
}

/** Whether a name may be one of several of its inode: most names are not, and need not be remembered to find those that are. */
export function isNameAmongOthers(node: TreeNode): boolean {
  return !(node instanceof EntryNode) || node.inode !== node
}

/** Makes the nodes of one layer: of all entries but hard links. */
export type NodeMaker = (entry: RecordedEntry, type: NodeType) => TreeNode

/** A maker of nodes; what is alike in the entries of the layer is kept once. */
export function nodeMaker(layer: number): NodeMaker {
  const known = new Map<string, Traits>()
  let last: Traits | undefined
  const traitsOf = (entry: RecordedEntry, type: NodeType): Traits => {
    if (last !== undefined && isLike(last, entry, type)) return last
    last = newTraits(entry, type, layer)
    if (!isPlain(last)) return last
    const key = `${type} ${last.mode} ${last.uid} ${last.gid}`
    const same = known.get(key)
    if (same === undefined) known.set(key, last)
    else last = same
    return last
  }
  return (entry, type) => {
    const traits = traitsOf(entry, type)
    const isWhole = type === 'directory' || entry.sparse !== undefined || !isNear(entry.mtimeNs)
    return isWhole ? wholeNode(traits, entry) : new EntryNode(traits, entry)
  }
}

function isLike(traits: Traits, entry: RecordedEntry, type: NodeType): boolean {
  if (type === 'symlink' || entry.pax.size > 0 || !isPlain(traits)) return false
  const { mode, uid, gid } = traits
  return type === traits.type && (entry.mode & 0o7777) === mode && entry.uid === uid && entry.gid === gid
}

function isPlain({ type, xattrs }: Traits): boolean {
  return (type === 'file' || type === 'directory' || type === 'fifo') && xattrs.size === 0
}

function newTraits(entry: RecordedEntry, type: NodeType, layer: number): Traits {
  const device = type === 'char' || type === 'block'
  return {
    type,
    mode: type === 'symlink' ? 0o777 : entry.mode & 0o7777,
    uid: entry.uid,
    gid: entry.gid,
    linkPath: type === 'symlink' ? latin1(entry.rawLinkPath) : '',
    devMajor: device ? entry.devMajor : 0,
    devMinor: device ? entry.devMinor : 0,
    xattrs: xattrsOf(entry.pax),
    layer,
  }
}

// Seconds beyond this are no exact numbers.
const MOST_SECONDS = BigInt(Number.MAX_SAFE_INTEGER)

function isNear(ns: bigint): boolean {
  const seconds = ns / SECOND
  return seconds <= MOST_SECONDS && seconds >= -MOST_SECONDS
}

function wholeNode(traits: Traits, { mtimeNs, size, content, sparse, header }: RecordedEntry): TreeNode {
  const { type, mode, uid, gid, linkPath, devMajor, devMinor, xattrs, layer } = traits
  const isFile = type === 'file'
  const inode: Inode = {
    type,
    mode,
    uid,
    gid,
    size: isFile ? size : 0,
    mtimeNs,
    linkPath,
    devMajor,
    devMinor,
    xattrs,
    layer,
    content: isFile ? content : NOWHERE,
    sparse,
    children: type === 'directory' ? new Map() : undefined,
  }
  return { inode, layer, header }
}
