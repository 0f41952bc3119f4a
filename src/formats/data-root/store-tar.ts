import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import { latin1Bytes } from '../../tar/path.js'
import type { StoredType } from '../../tar/split-files.js'
import { paddingOf, tarHeader, TAR_END_BYTES, type TarHeaderFields } from '../../tar/write.js'
import type { Store, StoreNode, XattrsByKey } from './store.js'

/** How a tree of a storage driver marks what is deleted: overlayfs's devices, aufs's names, or not at all. */
export type TreeForm = 'overlay' | 'aufs' | 'tree'

/** How to make a tar of a stored tree. */
export interface StoreTarOptions {
  readonly form: TreeForm
  readonly xattrs: XattrsByKey
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
  for (const { path, node } of walk(store, base, options)) {
    context.signal?.throwIfAborted()
    const key = `${base}/${path}`
    const first = node.identity === undefined ? undefined : firsts.get(node.identity)
    if (node.identity !== undefined && first === undefined) firsts.set(node.identity, path)
    const marker = markerOf(path, node, options)
    yield marker ?? headerOf(store, { key, path, node, first }, options)
    if (marker === undefined && node.type === 'file' && first === undefined) {
      yield* contentOf(store, key, { size: node.size, buffer })
    }
    if (node.type === 'directory' && isOpaque(path, options)) yield opaqueMarker(path, node)
  }
  // A promise between the last header and the end keeps this a stream.
  yield await Promise.resolve(new Uint8Array(TAR_END_BYTES))
}

interface Walked {
  readonly path: string
  readonly node: StoreNode
}

function* walk(store: Store, base: string, options: StoreTarOptions): Generator<Walked> {
  const stack = store.list(base).toReversed()
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const node = store.node(`${base}/${path}`)
    if (node === undefined || node.type === 'other' || isAufsMeta(path, options)) continue
    yield { path, node }
    if (node.type !== 'directory') continue
    for (const name of store.list(`${base}/${path}`).toReversed()) stack.push(`${path}/${name}`)
  }
}

function isAufsMeta(path: string, { form }: StoreTarOptions): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return form === 'aufs' && name.startsWith('.wh..wh.') && name !== '.wh..wh..opq'
}

/** The entry that stands for a deleted file: overlayfs keeps a device 0:0 in its place. */
function markerOf(path: string, node: StoreNode, { form }: StoreTarOptions): Uint8Array | undefined {
  const isWhiteout = node.type === 'char' && node.devMajor === 0 && node.devMinor === 0
  if (form !== 'overlay' || !isWhiteout) return undefined
  const slash = path.lastIndexOf('/') + 1
  const name = `${path.slice(0, slash)}.wh.${path.slice(slash)}`
  return tarHeader({ ...fieldsOf(node), rawPath: latin1Bytes(name), typeflag: '0', mode: 0o600, size: 0 })
}

function isOpaque(path: string, { form, xattrs }: StoreTarOptions): boolean {
  const own = form === 'overlay' ? xattrs.get(path) : undefined
  return OPAQUE.some((name) => {
    const value = own?.get(name)
    return value?.length === 1 && value[0] === 0x79 // y
  })
}

function opaqueMarker(path: string, node: StoreNode): Uint8Array {
  return tarHeader({
    ...fieldsOf(node),
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

const TYPEFLAGS: Record<Exclude<StoredType, 'other'>, string> = {
  file: '0',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

function headerOf(store: Store, { key, path, node, first }: Located, { xattrs }: StoreTarOptions): Uint8Array {
  const capability = xattrs.get(path)?.get('security.capability')
  const target = first ?? (node.type === 'symlink' ? store.linkOf(key) : '')
  return tarHeader({
    ...fieldsOf(node),
    rawPath: latin1Bytes(node.type === 'directory' ? `${path}/` : path),
    rawLinkPath: latin1Bytes(target),
    typeflag: first !== undefined || node.type === 'other' ? '1' : TYPEFLAGS[node.type],
    size: first === undefined && node.type === 'file' ? node.size : 0,
    ...(capability && { records: new Map([['SCHILY.xattr.security.capability', capability]]) }),
  })
}

function fieldsOf(node: StoreNode): TarHeaderFields {
  return {
    rawPath: new Uint8Array(0),
    rawLinkPath: new Uint8Array(0),
    typeflag: '0',
    mode: node.type === 'symlink' ? 0o777 : node.mode,
    uid: node.uid,
    gid: node.gid,
    uname: '',
    gname: '',
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
