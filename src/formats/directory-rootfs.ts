import { open, readdir, readlink, lstat } from 'node:fs/promises'
import { constants, type BigIntStats, type PathLike } from 'node:fs'
import { basename } from 'node:path'
import type { RunContext } from '../context.js'
import { ArchiveError, toArchiveError } from '../errors.js'
import type { ImageArchive, Layer } from '../model/image.js'
import { latin1, latin1Bytes } from '../tar/path.js'
import { paddingOf, tarHeader, TAR_END_BYTES, type TarHeaderFields } from '../tar/write.js'
import type { FileSet } from './files.js'
import type { ReadOptions } from './format.js'
import { rootfsArchive } from './rootfs.js'

const CHUNK = 256 * 1024

/** A plain directory as a root filesystem: the layer is the tar that docker would make of it (FORMATS: export). */
export function directoryRootfs(directory: string, files: FileSet, options: ReadOptions): Promise<ImageArchive> {
  const layer: Layer = {
    index: 0,
    state: 'assembled',
    path: basename(directory),
    claims: {},
    blob: undefined,
    isWhole: true,
    tar: (context) => directoryTar(directory, context),
  }
  return Promise.resolve(rootfsArchive(files, layer, options))
}

/**
 * The tar of a directory's content, in docker's order: names of each directory sorted bytewise, a directory right before
 * what is in it, hard links after the first name. Sockets are left out, as docker does. Errors: ERR_IO.
 */
async function* directoryTar(directory: string, context: RunContext): AsyncGenerator<Uint8Array> {
  const links = new Map<string, Uint8Array>()
  const root = new TextEncoder().encode(directory)
  const todo: Uint8Array[] = await children(root, new Uint8Array(0))
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    context.signal?.throwIfAborted()
    yield* entryTar(root, path, links)
    const status = await statusOf(root, path)
    if (status.isDirectory()) for (const child of await children(root, path)) todo.push(child)
  }
  yield new Uint8Array(TAR_END_BYTES)
}

/** Paths below a directory, last first, so that a stack gives them in order. */
async function children(root: Uint8Array, path: Uint8Array): Promise<Uint8Array[]> {
  const names = await readdir(onDisk(root, path), { encoding: 'buffer' }).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: latin1(path) })
  })
  const sorted = names
    .map((name) => latin1(name))
    .sort()
    .reverse()
  const prefix = path.length === 0 ? '' : `${latin1(path)}/`
  return sorted.map((name) => latin1Bytes(prefix + name))
}

function onDisk(root: Uint8Array, path: Uint8Array): PathLike {
  const joined = new Uint8Array(root.length + 1 + path.length)
  joined.set(root)
  joined[root.length] = 0x2f
  joined.set(path, root.length + 1)
  return joined as PathLike // node:fs takes names as bytes in any Uint8Array, its types say Buffer
}

function statusOf(root: Uint8Array, path: Uint8Array): Promise<BigIntStats> {
  return lstat(onDisk(root, path), { bigint: true }).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: latin1(path) })
  })
}

/** Header, content and padding of one file of the system; nothing for a socket. */
async function* entryTar(
  root: Uint8Array,
  path: Uint8Array,
  links: Map<string, Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const status = await statusOf(root, path)
  const type = typeOf(status)
  if (type === undefined) return
  const identity = `${status.dev}:${status.ino}`
  const first = type !== '5' && status.nlink > 1n ? links.get(identity) : undefined
  if (first !== undefined) {
    yield tarHeader({ ...fieldsOf(status, path, '1'), rawLinkPath: first })
    return
  }
  if (type !== '5' && status.nlink > 1n) links.set(identity, path)
  const target = type === '2' ? await readlink(onDisk(root, path), { encoding: 'buffer' }) : new Uint8Array(0)
  yield tarHeader({ ...fieldsOf(status, path, type), rawLinkPath: target })
  if (type === '0') yield* contentOf(root, path, Number(status.size))
}

function typeOf(status: BigIntStats): string | undefined {
  if (status.isFile()) return '0'
  if (status.isSymbolicLink()) return '2'
  if (status.isCharacterDevice()) return '3'
  if (status.isBlockDevice()) return '4'
  if (status.isDirectory()) return '5'
  return status.isFIFO() ? '6' : undefined
}

function fieldsOf(status: BigIntStats, path: Uint8Array, typeflag: string): TarHeaderFields {
  const isDevice = typeflag === '3' || typeflag === '4'
  return {
    rawPath: typeflag === '5' ? latin1Bytes(`${latin1(path)}/`) : path,
    rawLinkPath: new Uint8Array(0),
    typeflag,
    mode: Number(status.mode & 0o7777n),
    uid: Number(status.uid),
    gid: Number(status.gid),
    uname: '',
    gname: '',
    size: typeflag === '0' ? Number(status.size) : 0,
    // docker cuts the fraction off.
    mtimeNs: (status.mtimeNs / 1_000_000_000n) * 1_000_000_000n,
    // Linux, gnu_dev_major and gnu_dev_minor.
    devMajor: isDevice ? Number(((status.rdev >> 8n) & 0xfffn) | ((status.rdev >> 32n) & ~0xfffn)) : 0,
    devMinor: isDevice ? Number((status.rdev & 0xffn) | ((status.rdev >> 12n) & ~0xffn)) : 0,
  }
}

/** Exactly as many bytes as the header said, whatever happens to the file meanwhile. */
async function* contentOf(root: Uint8Array, path: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const location = latin1(path)
  const file = await open(onDisk(root, path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  try {
    for (let done = 0; done < size;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(CHUNK, size - done)), 0, null, done)
      if (bytesRead === 0)
        throw new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', { location, offset: done })
      done += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    yield new Uint8Array(paddingOf(size))
  } finally {
    await file.close()
  }
}
