import type { Span } from '../bytes/source.js'
import { BLOCK } from '../tar/header.js'
import { latin1 } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import type { RecordedEntry } from './entry-records.js'
import { isDirectory, NOWHERE, type Inode, type NodeType, type TreeNode } from './node.js'
import { everyNode, type Tree } from './tree.js'
import { NO_XATTRS, xattrsOf } from './xattrs.js'

/** What many inodes of a layer have in common: one record for all of them. */
type Traits = Pick<Inode, 'type' | 'mode' | 'uid' | 'gid' | 'linkPath' | 'devMajor' | 'devMinor' | 'xattrs' | 'layer'>

const SECOND = 1_000_000_000n

/** What each inode has of its own. */
interface Particulars {
  readonly seconds: number
  readonly nanos: number
  readonly start: number
  readonly headerLength: number
  /** Stored bytes of a file; 0 for all else. */
  readonly size: number
}

/**
 * A name and the inode behind it in one: all that images have many of. A class, since its fields take 64 bytes where a node
 * and an inode with all that can be derived take five times as much, and half of a million of them is no rarity.
 */
class EntryNode implements TreeNode, Inode {
  inode: Inode = this
  private readonly traits: Traits
  // Small integers lie in the object itself, a bigint does not.
  private readonly seconds: number
  private readonly start: number
  readonly size: number

  constructor(traits: Traits, { seconds, start, size }: Particulars) {
    this.traits = traits
    this.seconds = seconds
    this.start = start
    this.size = size
  }

  protected get nanos(): number {
    return 0
  }
  protected get headerLength(): number {
    return BLOCK
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

/** One whose header is more than a block, or whose time is no whole second: fewer have that. */
class LongEntryNode extends EntryNode {
  private readonly ownNanos: number
  private readonly ownHeaderLength: number

  constructor(traits: Traits, particulars: Particulars) {
    super(traits, particulars)
    this.ownNanos = particulars.nanos
    this.ownHeaderLength = particulars.headerLength
  }

  protected override get nanos(): number {
    return this.ownNanos
  }
  protected override get headerLength(): number {
    return this.ownHeaderLength
  }
}

function entryNode(traits: Traits, particulars: Particulars): TreeNode {
  const isShort = particulars.nanos === 0 && particulars.headerLength === BLOCK
  return isShort ? new EntryNode(traits, particulars) : new LongEntryNode(traits, particulars)
}

/** Whether a name may be one of several of its inode: most names are not, and need not be remembered to find those that are. */
export function isNameAmongOthers(node: TreeNode): boolean {
  return !(node instanceof EntryNode) || node.inode !== node
}

/**
 * Every inode but a directory's that may have several names in a tree, and all those that have: few, so that whoever
 * looks for further names needs to remember no others. Of names that layers from index `from` on made, where that is given.
 */
export function linkedInodes(tree: Tree, from = 0): ReadonlySet<Inode> {
  const linked = new Set<Inode>()
  everyNode(tree, (node) => {
    // Of the names of an inode one at most is the inode itself.
    if (node.layer >= from && isNameAmongOthers(node) && !isDirectory(node)) linked.add(node.inode)
  })
  return linked
}

/** Makes the nodes of one layer: of all entries but hard links. */
export interface NodeMaker {
  of(entry: RecordedEntry, type: NodeType): TreeNode
  ofPlain(member: PlainMember): TreeNode
}

/** A maker of nodes; what is alike in the entries of the layer is kept once. */
export function nodeMaker(layer: number): NodeMaker {
  const commonTraits = commonTraitsMaker(layer)
  const traitsOf = (entry: RecordedEntry, type: NodeType): Traits =>
    isCommon(type) && entry.pax.size === 0 ? commonTraits(type, entry) : newTraits(entry, type, layer)
  return {
    of(entry, type) {
      const traits = traitsOf(entry, type)
      const isWhole = type === 'directory' || entry.sparse !== undefined || !isNear(entry.mtimeNs)
      return isWhole ? wholeNode(traits, entry) : entryNode(traits, particularsOf(entry, type))
    },
    ofPlain(member) {
      const { type, mtime: seconds, offset: start, headerLength } = member
      if (type === 'directory') return plainDirectory(commonTraits(type, member), member)
      if (type === 'file') {
        const { size } = member
        return entryNode(commonTraits(type, member), { seconds, nanos: 0, start, headerLength, size })
      }
      const traits = { ...commonTraits(type, member), linkPath: latin1(member.link) }
      return entryNode(traits, { seconds, nanos: 0, start, headerLength, size: 0 })
    },
  }
}

function particularsOf({ mtimeNs, header, content }: RecordedEntry, type: NodeType): Particulars {
  const [seconds, nanos] = [Number(mtimeNs / SECOND), Number(mtimeNs % SECOND)]
  const size = type === 'file' ? content.length : 0
  return { seconds, nanos, start: header.offset, headerLength: header.length, size }
}

const COMMON_TYPES = ['file', 'directory', 'fifo', 'symlink'] as const
type CommonType = (typeof COMMON_TYPES)[number]

function isCommon(type: NodeType): type is Exclude<CommonType, 'symlink'> {
  return type === 'file' || type === 'directory' || type === 'fifo'
}

/** Traits without attributes; those of symlinks have no target yet. */
function commonTraitsMaker(layer: number): (type: CommonType, owned: Pick<Traits, 'mode' | 'uid' | 'gid'>) => Traits {
  const known = new Map<string, Traits>()
  // Files and directories take turns; most are of one owner.
  const last = new Map<number, Traits>()
  return (type, { mode, uid, gid }) => {
    const bits = type === 'symlink' ? 0o777 : mode & 0o7777
    const kind = bits * COMMON_TYPES.length + COMMON_TYPES.indexOf(type)
    const before = last.get(kind)
    if (before?.uid === uid && before.gid === gid) return before
    const key = `${kind} ${uid} ${gid}`
    const nothing = { linkPath: '', devMajor: 0, devMinor: 0, xattrs: NO_XATTRS }
    const traits = known.get(key) ?? { type, mode: bits, uid, gid, ...nothing, layer }
    known.set(key, traits)
    last.set(kind, traits)
    return traits
  }
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

function plainDirectory(traits: Traits, { mtime, size, offset, headerLength }: PlainMember): TreeNode {
  const header = { offset, length: headerLength }
  return wholeNode(traits, { mtimeNs: BigInt(mtime) * SECOND, size, header, content: NOWHERE })
}

type Whole = Pick<RecordedEntry, 'mtimeNs' | 'size' | 'content' | 'header' | 'sparse'>

function wholeNode(traits: Traits, { mtimeNs, size, content, sparse, header }: Whole): TreeNode {
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
