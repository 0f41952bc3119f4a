import { latin1Bytes } from '../tar/path.js'
import { tarHeader } from '../tar/write.js'
import { isDirectory, type DirectoryNode, type Inode, type TreeNode } from './node.js'
import { memberWriter, LAYER_PROFILE, type TarMember } from './tar-members.js'
import { walkTree, type Tree } from './tree.js'

/** What a layer on top of a base has to hold: a name with what is there, or a name that is gone. */
type Change =
  | { readonly kind: 'node'; readonly path: string; readonly node: TreeNode }
  | { readonly kind: 'whiteout'; readonly directory: string; readonly name: string }

/**
 * The members of one layer that makes `base` into `tree`, where `tree` is `base` with the layers from index `from` on
 * applied to it. In the order of `docker export`, the whiteouts of a directory before what is in it; no opaque markers,
 * and a whiteout only for a name that the base has. Errors: ERR_OUTPUT for what no header holds.
 */
export function* changedMembers(base: Tree, tree: Tree, from: number): Generator<TarMember, void> {
  const changes = changesOf(base, tree, from)
  const writer = memberWriter(LAYER_PROFILE)
  if (tree.root.layer >= from && tree.root.header !== undefined) yield rootMember(tree.root)
  for (const change of changes) {
    yield change.kind === 'node' ? writer.member(change) : whiteoutMember(change.directory, change.name)
  }
}

/** The files whose contents such a layer holds. */
export function changedFiles(base: Tree, tree: Tree, from: number): ReadonlySet<Inode> {
  const files = new Set<Inode>()
  for (const change of changesOf(base, tree, from)) {
    if (change.kind === 'node' && change.node.inode.size > 0) files.add(change.node.inode)
  }
  return files
}

function changesOf(base: Tree, tree: Tree, from: number): readonly Change[] {
  const changes: Change[] = []
  const collecting: Collecting = { from, linked: linkedFrom(tree, from), changes }
  collect(collecting, base.root, tree.root, '')
  return changes
}

interface Collecting {
  readonly from: number
  /** Inodes with a name that the upper layers made: all their names go into the layer, so that they stay links. */
  readonly linked: ReadonlySet<Inode>
  readonly changes: Change[]
}

function linkedFrom(tree: Tree, from: number): ReadonlySet<Inode> {
  const linked = new Set<Inode>()
  for (const { node } of walkTree(tree)) if (node.layer >= from && !isDirectory(node)) linked.add(node.inode)
  return linked
}

function collect(
  collecting: Collecting,
  base: DirectoryNode | undefined,
  directory: DirectoryNode,
  path: string,
): void {
  const { from, linked, changes } = collecting
  const before = base?.inode.children
  for (const name of sortedNames(before)) {
    if (!directory.inode.children.has(name)) changes.push({ kind: 'whiteout', directory: path, name })
  }
  for (const name of sortedNames(directory.inode.children)) {
    const node = directory.inode.children.get(name)
    if (node === undefined) continue
    const at = path === '' ? name : `${path}/${name}`
    if (!isDirectory(node)) {
      if (node.layer >= from || linked.has(node.inode)) changes.push({ kind: 'node', path: at, node })
      continue
    }
    const lower = before?.get(name)
    const mark = changes.length
    changes.push({ kind: 'node', path: at, node })
    collect(collecting, isDirectory(lower) ? lower : undefined, node, at)
    // Engines make a directory that a layer only implies anew, 0755 and root's: it is told where something is in it.
    if (changes.length === mark + 1 && node.layer < from) changes.length = mark
  }
}

function sortedNames(children: ReadonlyMap<string, TreeNode> | undefined): string[] {
  return children === undefined ? [] : [...children.keys()].sort()
}

const EMPTY = new Uint8Array(0)
// What docker writes for a name that overlay2 hides.
const WHITEOUT = { rawLinkPath: EMPTY, typeflag: '0', mode: 0o600, uid: 0, gid: 0, uname: '', gname: '', size: 0 }

function whiteoutMember(directory: string, name: string): TarMember {
  const rawPath = latin1Bytes(`${directory === '' ? '' : `${directory}/`}.wh.${name}`)
  return {
    header: tarHeader({ ...WHITEOUT, rawPath, mtimeNs: 0n, devMajor: 0, devMinor: 0 }),
    content: undefined,
  }
}

function rootMember(root: DirectoryNode): TarMember {
  const member = memberWriter(LAYER_PROFILE).member({ path: '.', node: root })
  return { ...member, content: undefined }
}
