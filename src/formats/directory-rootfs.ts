import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
  type PathLike,
} from 'node:fs'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { RunContext } from '../context.js'
import { ArchiveError, refuseAborted, toArchiveError } from '../errors.js'
import type { ImageArchive, Layer } from '../model/image.js'
import { displayPath, latin1, latin1Bytes } from '../tar/path.js'
import { paddingOf, tarHeader, TAR_END_BYTES, type TarHeaderFields } from '../tar/write.js'
import type { FileSet } from './files.js'
import type { ReadOptions } from './format.js'
import { rootfsArchive } from './rootfs.js'

const CHUNK = 256 * 1024
// Calls that wait for their answer cost a tenth of those that come back with it; between so many, signals are heard.
const MOST_AT_ONCE = 64

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
  const todo: Uint8Array[] = children(root, new Uint8Array(0))
  let count = 0
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    count += 1
    if (count % MOST_AT_ONCE === 0) await setImmediate()
    refuseAborted(context.signal)
    const status = told(path, (name) => lstatSync(name, { bigint: true }), root)
    yield* entryTar(root, path, status, links)
    if (status.isDirectory()) for (const child of children(root, path)) todo.push(child)
  }
  yield new Uint8Array(TAR_END_BYTES)
}

/** Paths below a directory, last first, so that a stack gives them in order. */
function children(root: Uint8Array, path: Uint8Array): Uint8Array[] {
  const names = told(path, (name) => readdirSync(name, { encoding: 'buffer' }), root)
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

/** What the system answers of a path below the root. Errors: ERR_IO that names it. */
function told<Answer>(path: Uint8Array, ask: (name: PathLike) => Answer, root: Uint8Array): Answer {
  try {
    return ask(onDisk(root, path))
  } catch (cause) {
    throw toArchiveError(cause, { location: placeOf(root, path) })
  }
}

/** How errors name a file of the directory, or the directory itself. */
function placeOf(root: Uint8Array, path: Uint8Array): string {
  const directory = displayPath(root)
  return path.length === 0 ? directory : `${directory} › ${displayPath(path)}`
}

/** Header, content and padding of one file of the system; nothing for a socket. */
function* entryTar(
  root: Uint8Array,
  path: Uint8Array,
  status: BigIntStats,
  links: Map<string, Uint8Array>,
): Generator<Uint8Array> {
  const type = typeOf(status)
  if (type === undefined) return
  const identity = `${status.dev}:${status.ino}`
  const first = type !== '5' && status.nlink > 1n ? links.get(identity) : undefined
  if (first !== undefined) {
    yield tarHeader({ ...fieldsOf(status, path, '1'), rawLinkPath: first })
    return
  }
  if (type !== '5' && status.nlink > 1n) links.set(identity, path)
  const target =
    type === '2' ? told(path, (name) => readlinkSync(name, { encoding: 'buffer' }), root) : new Uint8Array(0)
  yield tarHeader({ ...fieldsOf(status, path, type), rawLinkPath: target })
  if (type === '0' && status.size > 0n) yield* contentOf(root, path, Number(status.size))
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
function* contentOf(root: Uint8Array, path: Uint8Array, size: number): Generator<Uint8Array> {
  const location = placeOf(root, path)
  const file = told(path, (name) => openSync(name, FOR_READING), root)
  try {
    for (let done = 0; done < size;) {
      const buffer = new Uint8Array(Math.min(CHUNK, size - done))
      const count = told(path, () => readSync(file, buffer, 0, buffer.length, done), root)
      if (count === 0)
        throw new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', { location, offset: done })
      done += count
      yield buffer.subarray(0, count)
    }
    yield new Uint8Array(paddingOf(size))
  } finally {
    closeSync(file)
  }
}

// What was a file a moment ago may be a link or a FIFO now: neither is followed or waited for.
const FOR_READING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
