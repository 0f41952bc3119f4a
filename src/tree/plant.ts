import { setImmediate } from 'node:timers/promises'
import { gather, type Piece } from '../bytes/gather.js'
import { holdDirectory, type FileMetadata, type HeldDirectory } from '../bytes/held-directory.js'
import { readChunks, type ByteReader } from '../bytes/reader.js'
import type { RunContext } from '../context.js'
import { ArchiveError, refuseAborted, toArchiveError } from '../errors.js'
import type { FileContents } from './file-contents.js'
import { isDirectory, type Inode } from './node.js'
import { contentPieces } from './tar-bytes.js'
import type { Located, Tree } from './tree.js'

/** Something of a file that could not be put on disk. */
export interface Unplanted {
  readonly located: Located
  readonly what: 'char' | 'block' | 'fifo' | 'symlink' | 'xattr' | 'owner' | 'setid'
  /** The numbers of a device, the name of an attribute, owner and group, the mode. */
  readonly detail: string
}

/** How to put files on disk. */
export interface PlantOptions {
  /** The directory as the user named it, for errors and progress. */
  readonly location: string
  /** Give files the owners that the image has; setuid and setgid bits go only with them. */
  readonly sameOwner: boolean
  readonly onUnplanted: (unplanted: Unplanted) => void
}

interface Planting extends PlantOptions {
  readonly root: HeldDirectory
  readonly contents: ByteReader
  readonly linked: Plants['linked']
  /** Where the first name of each of them is. */
  readonly firsts: Map<Inode, string>
}

/** What is put on disk. */
export interface Plants {
  readonly tree: Tree
  /** Some of its names, or all; gone through more than once. */
  readonly nodes: Iterable<Located>
  /** What may have several names in the tree, as linkedInodes tells. */
  readonly linked: ReadonlySet<Inode>
  /** How many names. */
  readonly count: number
  readonly contents: FileContents
}

/** A directory that is being filled, with what it gets when that is done. */
interface Open {
  readonly path: string
  readonly held: HeldDirectory
  readonly metadata: FileMetadata
}

// Between so many names the loop gets its turn, so that an interruption is heard.
const TURN = 256

/**
 * Puts nodes of a tree into an empty directory, in the order of walkTree and each below a directory that came before.
 * Nothing is written outside of it, whatever the names and links say and whoever moves things meanwhile. What the system
 * or Node cannot make is told and left out. The directory itself becomes the root of the tree. Errors: ERR_OUTPUT.
 */
export async function plant(
  directory: string,
  { tree, nodes, linked, count, contents }: Plants,
  options: PlantOptions,
  context: RunContext,
): Promise<void> {
  const reader = readChunks(gather(piecesOf({ nodes, contents, linked }, context), context.signal))
  const open: Open[] = []
  try {
    const held = holdDirectory(directory)
    const planting: Planting = { ...options, root: held, contents: reader, linked, firsts: new Map() }
    open.push({ path: '', held, metadata: metadataOf({ path: '', node: tree.root }, planting) })
    let at = 0
    for (const located of nodes) {
      if (at % TURN === 0) await turn(at, count, options.location, context)
      at += 1
      while (open.length > 1 && !located.path.startsWith(`${open.at(-1)?.path ?? ''}/`)) close(open.pop())
      const parent = open.at(-1)?.held ?? held
      const made = await plantNode(located, parent, planting)
      if (made !== undefined) open.push(made)
    }
    while (open.length > 0) close(open.pop())
  } catch (error) {
    for (const { held } of open) held.close()
    throw outputFault(error, options.location)
  } finally {
    await reader.close()
  }
}

async function turn(done: number, total: number, subject: string, context: RunContext): Promise<void> {
  await setImmediate()
  refuseAborted(context.signal)
  context.onProgress?.({ task: 'extract', subject, done, total, unit: 'name' })
}

function close(open: Open | undefined): void {
  open?.held.finish(open.metadata)
}

function outputFault(error: unknown, location: string): ArchiveError {
  const known = toArchiveError(error, { location })
  if (known === error || known.code === 'ERR_ABORTED') return known
  const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
  return new ArchiveError('ERR_OUTPUT', known.message, {
    location,
    cause: error,
    ...(exists && { hint: 'the file system takes two names of the image for one, or somebody else writes here' }),
  })
}

/** Makes one name; a directory is given back to be filled. */
async function plantNode(located: Located, parent: HeldDirectory, planting: Planting): Promise<Open | undefined> {
  const { path, node } = located
  const { inode } = node
  const name = path.slice(path.lastIndexOf('/') + 1)
  const first = planting.firsts.get(inode)
  if (first !== undefined) {
    linkTo(first, planting.root, parent, name)
    return undefined
  }
  switch (inode.type) {
    case 'directory':
      return { path, held: parent.makeDirectory(name), metadata: metadataOf(located, planting) }
    case 'file':
      await plantFile(located, parent, name, planting)
      if (planting.linked.has(inode)) planting.firsts.set(inode, path)
      return undefined
    case 'symlink':
      if (inode.linkPath === '') planting.onUnplanted({ located, what: 'symlink', detail: 'an empty target' })
      else {
        parent.makeSymlink(name, inode.linkPath, metadataOf(located, planting))
        if (planting.linked.has(inode)) planting.firsts.set(inode, path)
      }
      return undefined
    case 'char':
    case 'block':
      planting.onUnplanted({ located, what: inode.type, detail: `${inode.devMajor},${inode.devMinor}` })
      return undefined
    case 'fifo':
      planting.onUnplanted({ located, what: 'fifo', detail: '' })
  }
  return undefined
}

async function plantFile(located: Located, parent: HeldDirectory, name: string, planting: Planting): Promise<void> {
  const { size } = located.node.inode
  const metadata = metadataOf(located, planting)
  const file = parent.makeFile(name)
  try {
    if (size > 0) for await (const bytes of planting.contents.take(size)) file.write(bytes)
  } catch (error) {
    file.close()
    throw error
  }
  file.finish(metadata)
}

/** Links to a name that was made before; every directory on the way to it is entered anew, none of them through a link. */
function linkTo(first: string, root: HeldDirectory, parent: HeldDirectory, name: string): void {
  const parts = first.split('/')
  const last = parts.pop() ?? ''
  const way: HeldDirectory[] = []
  try {
    for (const part of parts) way.push((way.at(-1) ?? root).enter(part))
    parent.makeLink(name, way.at(-1) ?? root, last)
  } finally {
    for (const directory of way) directory.close()
  }
}

// (uid_t)-1 means "leave it": no file has it.
const MOST_ID = 2 ** 32 - 2

function metadataOf(
  located: Located,
  { sameOwner, onUnplanted }: Pick<Planting, 'sameOwner' | 'onUnplanted'>,
): FileMetadata {
  const { mode, uid, gid, mtimeNs, xattrs, type } = located.node.inode
  for (const name of [...xattrs.keys()].sort()) onUnplanted({ located, what: 'xattr', detail: name })
  const canOwn = sameOwner && isID(uid) && isID(gid)
  if (sameOwner && !canOwn) onUnplanted({ located, what: 'owner', detail: `${uid}:${gid}` })
  const setid = mode & 0o6000
  // With another owner such a bit would hand out the rights of whoever runs this.
  const loses = setid !== 0 && !canOwn && type !== 'directory'
  if (loses) onUnplanted({ located, what: 'setid', detail: mode.toString(8).padStart(4, '0') })
  return { mode: loses ? mode & ~setid : mode, mtimeNs, ...(canOwn && { owner: { uid, gid } }) }
}

function isID(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= MOST_ID
}

/** The contents that planting asks for, in its order. */
function* piecesOf(
  { nodes, contents, linked }: Pick<Plants, 'nodes' | 'contents' | 'linked'>,
  { limits }: RunContext,
): Generator<Piece, void> {
  const seen = new Set<Inode>()
  for (const { node } of nodes) {
    const { inode } = node
    if (isDirectory(node) || inode.size === 0 || seen.has(inode)) continue
    if (linked.has(inode)) seen.add(inode)
    yield* contentPieces(inode, contents, limits)
  }
}
