import type { RunContext } from '../../context.js'
import { ArchiveError, refuseAborted } from '../../errors.js'
import { capabilityForAll } from '../../tar/capability.js'
import { TYPE_BITS, TYPEFLAGS } from '../../tar/file-type.js'
import { latin1Bytes } from '../../tar/path.js'
import { paddingOf, tarHeader, TAR_END_BYTES, type TarHeaderFields } from '../../tar/write.js'
import type { Store, StoreNode, XattrsByKey } from './store.js'
import { walkChanges, walkStore, type BaseTree, type Walked } from './store-walk.js'

/** How a tree of a storage driver marks what is deleted: overlayfs's devices, aufs's names, or not at all. */
export type TreeForm = 'overlay' | 'aufs' | 'tree'

/** How to make a tar of a stored tree. */
export interface StoreTarOptions {
  readonly form: TreeForm
  readonly xattrs: XattrsByKey
  /** The tree that this one grew from, where both are whole: only what changed is told. */
  readonly base?: BaseTree
  /** Major version of the docker whose headers are wanted; the newest where nothing is said. */
  readonly engine?: number
}

const BUFFER = 256 * 1024
const OPAQUE = ['trusted.overlay.opaque', 'user.overlay.opaque']

/**
 * The tar of a stored tree as docker makes a layer of it: no entry for the root, names of each directory by their bytes, a
 * directory before what is in it, whiteouts and opaque markers by their names, sockets left out, whole seconds. Chunks are
 * valid until the next is asked for. Errors: ERR_IO, ERR_TRUNCATED where a file changes meanwhile.
 */
export async function* storeTar(
  store: Store,
  base: string,
  options: StoreTarOptions,
  context: RunContext,
): AsyncGenerator<Uint8Array> {
  const firsts = new Map<string, string>()
  const buffer = new Uint8Array(BUFFER)
  for (const { path, node, isDeleted } of walk(store, base, options)) {
    refuseAborted(context.signal)
    if (node.type === 'other') continue
    const key = `${base}/${path}`
    const first = node.identity === undefined ? undefined : firsts.get(node.identity)
    if (node.identity !== undefined && first === undefined) firsts.set(node.identity, path)
    const marker = isDeleted === true ? deletedMarker(path, options) : markerOf(path, node, options)
    yield marker ?? headerOf(store, { key, path, node, first }, options)
    if (marker === undefined && node.type === 'file' && first === undefined) {
      yield* contentOf(store, key, { size: node.size, buffer })
    }
    if (node.type === 'directory' && isOpaque(path, options)) yield opaqueMarker(path, node, options)
  }
  // A promise between the last header and the end keeps this a stream.
  yield await Promise.resolve(new Uint8Array(TAR_END_BYTES))
}

function walk(store: Store, key: string, options: StoreTarOptions): Generator<Walked> {
  const { base, xattrs } = options
  if (base !== undefined) return walkChanges(store, { key, xattrs, base })
  return walkStore(store, key, ({ path }) => isAufsMeta(path, options))
}

function isAufsMeta(path: string, { form }: StoreTarOptions): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return form === 'aufs' && name.startsWith('.wh..wh.') && name !== '.wh..wh..opq'
}

/** The entry that stands for a deleted file: overlayfs keeps a device 0:0 in its place. */
function markerOf(path: string, node: StoreNode, options: StoreTarOptions): Uint8Array | undefined {
  const isWhiteout = node.type === 'char' && node.devMajor === 0 && node.devMinor === 0
  if (options.form !== 'overlay' || !isWhiteout) return undefined
  return tarHeader({ ...fieldsOf(node, options), rawPath: whiteoutName(path), typeflag: '0', mode: 0o600, size: 0 })
}

function whiteoutName(path: string): Uint8Array {
  const slash = path.lastIndexOf('/') + 1
  return latin1Bytes(`${path.slice(0, slash)}.wh.${path.slice(slash)}`)
}

const NOBODY: StoreNode = { type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtimeNs: 0n, devMajor: 0, devMinor: 0 }

// Docker gives these the time of the comparison; ours are the same at every run.
function deletedMarker(path: string, options: StoreTarOptions): Uint8Array {
  return tarHeader({ ...fieldsOf(NOBODY, options), rawPath: whiteoutName(path), typeflag: '0', mode: 0o600 })
}

function isOpaque(path: string, { form, xattrs }: StoreTarOptions): boolean {
  const own = form === 'overlay' ? xattrs.get(path) : undefined
  return OPAQUE.some((name) => {
    const value = own?.get(name)
    return value?.length === 1 && value[0] === 0x79 // y
  })
}

function opaqueMarker(path: string, node: StoreNode, options: StoreTarOptions): Uint8Array {
  return tarHeader({
    ...fieldsOf(node, options),
    rawPath: latin1Bytes(`${path}/.wh..wh..opq`),
    typeflag: '0',
    mode: node.mode & 0o777,
    mtimeNs: 0n,
  })
}

interface Located extends Walked {
  readonly key: string
  readonly first: string | undefined
}

function headerOf(store: Store, { key, path, node, first }: Located, options: StoreTarOptions): Uint8Array {
  const capability = options.xattrs.get(path)?.get('security.capability')
  const target = first ?? (node.type === 'symlink' ? store.linkOf(key) : '')
  return tarHeader({
    ...fieldsOf(node, options),
    rawPath: latin1Bytes(node.type === 'directory' ? `${path}/` : path),
    rawLinkPath: latin1Bytes(target),
    typeflag: first !== undefined || node.type === 'other' ? '1' : TYPEFLAGS[node.type],
    size: first === undefined && node.type === 'file' ? node.size : 0,
    ...(capability && { records: new Map([['SCHILY.xattr.security.capability', capabilityForAll(capability)]]) }),
  })
}

function fieldsOf(node: StoreNode, { engine = 24 }: StoreTarOptions): TarHeaderFields {
  const mode = node.type === 'symlink' ? 0o777 : node.mode
  // Up to version 22 the daemon named owners by its own passwd and group, where root is sure to be, by their ids there.
  const ownerOf = (id: number) => (engine < 23 && id === 0 && node.isShifted !== true ? 'root' : '')
  return {
    rawPath: new Uint8Array(0),
    rawLinkPath: new Uint8Array(0),
    typeflag: '0',
    mode: engine < 24 && node.type !== 'other' ? mode | TYPE_BITS[node.type] : mode,
    uid: node.uid,
    gid: node.gid,
    uname: ownerOf(node.uid),
    gname: ownerOf(node.gid),
    size: 0,
    mtimeNs: node.mtimeNs < 0n ? 0n : node.mtimeNs - (node.mtimeNs % 1_000_000_000n),
    devMajor: node.type === 'char' || node.type === 'block' ? node.devMajor : 0,
    devMinor: node.type === 'char' || node.type === 'block' ? node.devMinor : 0,
  }
}

/** Exactly as many bytes as the header said, and the padding. */
function* contentOf(
  store: Store,
  key: string,
  { size, buffer }: { readonly size: number; readonly buffer: Uint8Array },
): Generator<Uint8Array> {
  const location = `${store.location} › ${key}`
  const file = store.open(key)
  if (typeof file === 'string') throw new ArchiveError('ERR_IO', `the file is ${file}`, { location })
  try {
    for (let done = 0; done < size;) {
      const count = file.read(buffer.subarray(0, Math.min(buffer.length, size - done)), done)
      if (count === 0) {
        throw new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', { location, offset: done })
      }
      done += count
      yield buffer.subarray(0, count)
    }
    if (paddingOf(size) > 0) yield new Uint8Array(paddingOf(size))
  } finally {
    file.close()
  }
}
