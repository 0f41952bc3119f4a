import type { Store, StoreNode, XattrsByKey } from './store.js'

/** One name of a stored tree, in the order of a tar. */
export interface Walked {
  /** Below the tree's key. */
  readonly path: string
  readonly node: StoreNode
  /** What the tree below had under this name, and this one has not. */
  readonly isDeleted?: true
}

/** A stored tree that another one grew from. */
export interface BaseTree {
  readonly key: string
  /** Undefined where nobody can tell: then they are taken for the same. */
  readonly xattrs: XattrsByKey | undefined
}

/** Every name below a key, a directory before what is in it, names by their bytes; what is skipped is not entered. */
export function* walkStore(store: Store, top: string, skip: (walked: Walked) => boolean): Generator<Walked> {
  yield* below(store, top, store.list(top), skip)
}

function* below(
  store: Store,
  top: string,
  names: readonly string[],
  skip: (walked: Walked) => boolean = () => false,
): Generator<Walked> {
  const stack = names.toReversed()
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const node = store.node(`${top}/${path}`)
    if (node === undefined || skip({ path, node })) continue
    yield { path, node }
    if (node.type !== 'directory') continue
    for (const name of store.list(`${top}/${path}`).toReversed()) stack.push(`${path}/${name}`)
  }
}

/** A tree, what it grew from, and the attributes of both. */
export interface Grown {
  readonly key: string
  readonly xattrs: XattrsByKey
  readonly base: BaseTree
}

/**
 * What a whole tree adds, changes and deletes, against that which it grew from: by type, mode, owner, device,
 * capabilities, and of files by size and time to the nanosecond. A directory comes with anything that changed in it.
 */
export function walkChanges(store: Store, grown: Grown): Generator<Walked> {
  return changesIn(store, grown, '')
}

function* changesIn(store: Store, grown: Grown, folder: string): Generator<Walked> {
  const prefix = folder === '' ? '' : `${folder}/`
  const [own, old] = [new Set(namesIn(store, grown.key, folder)), new Set(namesIn(store, grown.base.key, folder))]
  for (const name of [...new Set([...own, ...old])].sort()) {
    const path = `${prefix}${name}`
    const before = old.has(name) ? store.node(`${grown.base.key}/${path}`) : undefined
    const node = own.has(name) ? store.node(`${grown.key}/${path}`) : undefined
    if (node === undefined && before !== undefined) yield { path, node: before, isDeleted: true }
    else if (node !== undefined && before?.type !== node.type) yield* below(store, grown.key, [path])
    else if (node !== undefined && before !== undefined) yield* changesOf(store, grown, { path, node, before })
  }
}

function namesIn(store: Store, key: string, folder: string): readonly string[] {
  return store.list(folder === '' ? key : `${key}/${folder}`)
}

interface Pair extends Walked {
  readonly before: StoreNode
}

function* changesOf(store: Store, grown: Grown, { path, node, before }: Pair): Generator<Walked> {
  let isTold = differs(node, before) || !sameCapability(grown, path) || !sameLink(store, grown, path, node)
  if (isTold) yield { path, node }
  if (node.type !== 'directory') return
  for (const change of changesIn(store, grown, path)) {
    if (!isTold) yield { path, node }
    isTold = true
    yield change
  }
}

function differs(node: StoreNode, before: StoreNode): boolean {
  if (node.identity !== undefined && node.identity === before.identity) return false
  const isDirectory = node.type === 'directory'
  const isSame =
    node.mode === before.mode &&
    node.uid === before.uid &&
    node.gid === before.gid &&
    node.devMajor === before.devMajor &&
    node.devMinor === before.devMinor
  return !isSame || (!isDirectory && (node.size !== before.size || node.mtimeNs !== before.mtimeNs))
}

function sameLink(store: Store, { key, base }: Grown, path: string, { type }: StoreNode): boolean {
  return type !== 'symlink' || store.linkOf(`${key}/${path}`) === store.linkOf(`${base.key}/${path}`)
}

const CAPABILITY = 'security.capability'

function sameCapability({ xattrs, base }: Grown, path: string): boolean {
  if (base.xattrs === undefined) return true
  const [own, old] = [xattrs.get(path)?.get(CAPABILITY), base.xattrs.get(path)?.get(CAPABILITY)]
  return own === undefined ? old === undefined : old?.length === own.length && own.every((byte, at) => byte === old[at])
}
