import { capabilityForAll } from '../tar/capability.js'
import { TYPE_BITS, TYPEFLAGS } from '../tar/file-type.js'
import { BLOCK } from '../tar/header.js'
import { memberHeader, type MemberFields } from '../tar/write.js'
import { linkedInodes } from './entry-node.js'
import type { Inode } from './node.js'
import { walkTree, type Located, type Tree } from './tree.js'

/** What of the metadata goes into a header. */
export interface HeaderProfile {
  /** `seconds`: whole ones, and never before 1970, as a container's file system gives them back; `exact`: as they are. */
  readonly times: 'seconds' | 'exact'
  /** `capability`: security.capability alone, all that docker exports; `all`: every one that the layers have. */
  readonly xattrs: 'capability' | 'all'
  /** Whether modes carry the bits of the file type, as docker wrote them before 24. */
  readonly typeBits?: boolean
  /** Names for owners, as docker wrote them before 23; none where this is left out. */
  readonly owners?: OwnerNames
}

/** Names of users and groups by their numbers; '' for those without. */
export interface OwnerNames {
  user(uid: number): string
  group(gid: number): string
}

/** As `docker export` writes headers since docker 24. */
export const EXPORT_PROFILE: HeaderProfile = { times: 'seconds', xattrs: 'capability' }
/** Nothing is lost: for layers. */
export const LAYER_PROFILE: HeaderProfile = { times: 'exact', xattrs: 'all' }

/** One member of a tar that is made of a tree. */
export interface TarMember {
  /** As Go's archive/tar writes it; its bytes may be others when the next member is asked for. */
  readonly header: Uint8Array
  /** The file whose content follows; undefined where nothing does. */
  readonly content: Inode | undefined
}

/** Writes members; remembers where the first name of every inode went. */
export interface MemberWriter {
  /** A hard link where the inode was written before. Errors: ERR_OUTPUT for what no header holds. */
  member(located: Located): TarMember
}

/** A writer for one tar of names of `tree`. */
export function memberWriter(tree: Tree, profile: HeaderProfile): MemberWriter {
  const linked = linkedInodes(tree)
  const firsts = new Map<Inode, string>()
  // Of a million members each would have memory of its own, which is given back late.
  const block = new Uint8Array(BLOCK)
  return {
    member({ path, node: { inode } }) {
      const isLinked = linked.has(inode)
      const first = isLinked ? firsts.get(inode) : undefined
      if (isLinked && first === undefined) firsts.set(inode, path)
      const header = memberHeader(fieldsOf(path, inode, first, profile), block.fill(0))
      return { header, content: first === undefined && inode.size > 0 ? inode : undefined }
    },
  }
}

/** The members of a whole tree in the order of `docker export`: the root itself has none. Errors: ERR_OUTPUT. */
export function* treeMembers(tree: Tree, profile: HeaderProfile): Generator<TarMember, void> {
  const writer = memberWriter(tree, profile)
  for (const located of walkTree(tree)) yield writer.member(located)
}

function fieldsOf(path: string, inode: Inode, first: string | undefined, profile: HeaderProfile): MemberFields {
  return {
    path: inode.type === 'directory' ? `${path}/` : path,
    linkPath: first ?? inode.linkPath,
    typeflag: first === undefined ? TYPEFLAGS[inode.type] : '1',
    mode: profile.typeBits === true ? inode.mode | TYPE_BITS[inode.type] : inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    uname: profile.owners?.user(inode.uid) ?? '',
    gname: profile.owners?.group(inode.gid) ?? '',
    size: first === undefined ? inode.size : 0,
    mtimeNs: profile.times === 'exact' ? inode.mtimeNs : diskSeconds(inode.mtimeNs),
    // docker leaves the numbers of a device in the hard links to it.
    devMajor: inode.devMajor,
    devMinor: inode.devMinor,
    ...(inode.xattrs.size > 0 && { records: recordsOf(inode, profile) }),
  }
}

const SECOND = 1_000_000_000n
const LAST_TIME = 2n ** 63n - 1n

// docker sets times that Go's time.Time cannot count in nanoseconds, and those before 1970, to 1970.
function diskSeconds(ns: bigint): bigint {
  return ns < 0n || ns > LAST_TIME ? 0n : ns - (ns % SECOND)
}

const CAPABILITY = 'security.capability'

function recordsOf({ xattrs }: Inode, profile: HeaderProfile): ReadonlyMap<string, Uint8Array> {
  const records = new Map<string, Uint8Array>()
  for (const [name, value] of xattrs) {
    if (profile.xattrs === 'all') records.set(`SCHILY.xattr.${name}`, value)
    else if (name === CAPABILITY) records.set(`SCHILY.xattr.${name}`, capabilityForAll(value))
  }
  return records
}
