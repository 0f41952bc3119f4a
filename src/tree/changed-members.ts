import { latin1Bytes } from '../tar/path.js'
import { tarHeader } from '../tar/write.js'
import { linkedInodes } from './entry-node.js'
import { isDirectory, type DirectoryNode, type Inode, type TreeNode } from './node.js'
import { memberWriter, LAYER_PROFILE, type TarMember } from './tar-members.js'
import type { Tree } from './tree.js'

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
  const writer = memberWriter(tree, LAYER_PROFILE)
  const { root } = tree
  if (root.layer >= from && root.header !== undefined) yield writer.member({ path: '.', node: root })
  for (const change of changesOf(base, tree, from)) {
    yield change.kind === 'node' ? writer.member(change) : whiteoutMember(change.directory, change.name)
  }
}

/** The files whose contents such a layer holds; one that has several names comes with each. */
export function* changedFiles(base: Tree, tree: Tree, from: number): Generator<Inode, void> {
  for (const change of changesOf(base, tree, from)) {
    if (change.kind === 'node' && change.node.inode.size > 0) yield change.node.inode
  }
}

/** A directory that is being walked. */
interface Walked {
  readonly path: string
  readonly node: DirectoryNode
  readonly names: readonly string[]
  at: number
  readonly before: DirectoryNode | undefined
  isTold: boolean
}

// One by one, and with a stack: a tree may have a million names, and be a thousand directories deep.
function* changesOf(base: Tree, tree: Tree, from: number): Generator<Change, void> {
  // All their names go into the layer, so that they stay links. A name of lower layers is one of several only where a link
  // of the upper ones leads to it.
  const linked = linkedInodes(tree, from)
  const stack = [walked(tree.root, '', base.root, true)]
  yield* whiteouts(stack)
  for (let here = stack.at(-1); here !== undefined; here = stack.at(-1)) {
    const name = here.names[here.at]
    here.at += 1
    const node = name === undefined ? undefined : here.node.inode.children.get(name)
    if (name === undefined || node === undefined) {
      stack.pop()
      continue
    }
    const path = here.path === '' ? name : `${here.path}/${name}`
    if (isDirectory(node)) {
      const lower = here.before?.inode.children.get(name)
      stack.push(walked(node, path, isDirectory(lower) ? lower : undefined, false))
      if (node.layer >= from) yield* directories(stack)
      yield* whiteouts(stack)
    } else if (node.layer >= from || linked.has(node.inode)) {
      if (!here.isTold) yield* directories(stack)
      yield { kind: 'node', path, node }
    }
  }
}

function walked(node: DirectoryNode, path: string, before: DirectoryNode | undefined, isTold: boolean): Walked {
  return { path, node, names: sortedNames(node.inode.children), at: 0, before, isTold }
}

/**
 * The directories on the way that were not told yet. Engines make a directory that a layer only implies anew, 0755 and
 * root's: so it is told where something is in it.
 */
function* directories(stack: readonly Walked[]): Generator<Change, void> {
  if (stack.at(-1)?.isTold === true) return
  for (const one of stack) {
    if (!one.isTold) yield { kind: 'node', path: one.path, node: one.node }
    one.isTold = true
  }
}

/** The names that the last directory has in the base alone. */
function* whiteouts(stack: readonly Walked[]): Generator<Change, void> {
  const here = stack.at(-1)
  for (const name of sortedNames(here?.before?.inode.children)) {
    if (here === undefined || here.node.inode.children.has(name)) continue
    yield* directories(stack)
    yield { kind: 'whiteout', directory: here.path, name }
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
