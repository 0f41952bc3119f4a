import { isSqlite, sqliteRows } from '../../bytes/sqlite.js'
import { latin1 } from '../../tar/path.js'
import { lookup } from '../../tree/resolve.js'
import { isNdb, ndbHeaders } from './rpm-ndb.js'
import type { Package, PackageReader } from './package.js'

const DIRECTORIES = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm']
const FILES = ['rpmdb.sqlite', 'Packages.db', 'Packages']

/** rpm's packages: header blobs in SQLite or ndb. BerkeleyDB (before rpm 4.16) gives none; see `isBerkeleyDB`. */
export const rpm: PackageReader = {
  manager: 'rpm',
  *databases(tree) {
    const seen = new Set<string>()
    for (const path of DIRECTORIES.flatMap((directory) => FILES.map((file) => `${directory}/${file}`))) {
      const found = lookup(tree, path)
      if (found !== undefined && !seen.has(found.path)) yield found
      if (found !== undefined) seen.add(found.path)
    }
  },
  *read(_path, content) {
    for (const header of headersOf(content)) {
      const found = packageOf(header)
      if (found !== undefined) yield found
    }
  },
  keeps: (path) => DIRECTORIES.some((directory) => path.startsWith(`${directory}/`)),
}

/** Whether the bytes are a BerkeleyDB hash database, as rpm wrote it before 4.16. */
export function isBerkeleyDB(bytes: Uint8Array): boolean {
  // 12 - magic of the meta page, in the byte order of the machine
  return bytes.length > 16 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true) === 0x00061561
}

function* headersOf(content: Uint8Array): Generator<Uint8Array> {
  if (isNdb(content)) yield* ndbHeaders(content)
  // Packages: hnum INTEGER PRIMARY KEY, blob BLOB
  else if (isSqlite(content))
    for (const [, blob] of sqliteRows(content, 'Packages')) if (blob instanceof Uint8Array) yield blob
}

// Tags of a header (rpm, rpmtag.h).
const NAME = 1000
const VERSION = 1001
const RELEASE = 1002
const EPOCH = 1003
const ARCH = 1022
const DIRINDEXES = 1116
const BASENAMES = 1117
const DIRNAMES = 1118

interface Tag {
  readonly type: number
  readonly at: number
  readonly count: number
}

interface Header {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly tags: ReadonlyMap<number, Tag>
}

function packageOf(bytes: Uint8Array): Package | undefined {
  const header = open(bytes)
  if (header === undefined) return undefined
  const [name = '', version = ''] = [textsAt(header, NAME)[0], textsAt(header, VERSION)[0]]
  if (name === '' || version === '') return undefined
  const [release, epoch] = [textsAt(header, RELEASE)[0], numbersAt(header, EPOCH)[0]]
  const architecture = textsAt(header, ARCH)[0]
  return {
    manager: 'rpm',
    name,
    version: `${epoch === undefined ? '' : `${epoch}:`}${version}${release === undefined ? '' : `-${release}`}`,
    ...(architecture !== undefined && { architecture }),
    files: { kind: 'paths', paths: pathsOf(header) },
  }
}

/** A header without its magic: counts, index entries of 16 bytes, data. Big-endian. */
function open(bytes: Uint8Array): Header | undefined {
  if (bytes.length < 8) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [count, size] = [view.getUint32(0), view.getUint32(4)]
  const data = 8 + count * 16
  if (data + size > bytes.length) return undefined
  const tags = new Map<number, Tag>()
  for (let at = 8; at < data; at += 16) {
    const tag = { type: view.getUint32(at + 4), at: data + view.getInt32(at + 8), count: view.getUint32(at + 12) }
    if (tag.at >= data && tag.at < bytes.length) tags.set(view.getUint32(at), tag)
  }
  return { bytes, view, tags }
}

const INT32 = 4
// STRING, STRING_ARRAY, I18NSTRING
const TEXTS = new Set([6, 8, 9])

function textsAt({ bytes, tags }: Header, tag: number): string[] {
  const found = tags.get(tag)
  if (found === undefined || !TEXTS.has(found.type)) return []
  const texts: string[] = []
  for (let at = found.at; texts.length < found.count && at < bytes.length;) {
    const end = bytes.indexOf(0, at)
    if (end < 0) break
    texts.push(latin1(bytes.subarray(at, end)))
    at = end + 1
  }
  return texts
}

function numbersAt({ view, tags }: Header, tag: number): number[] {
  const found = tags.get(tag)
  if (found?.type !== INT32) return []
  const count = Math.min(found.count, Math.floor((view.byteLength - found.at) / 4))
  return Array.from({ length: count }, (_, index) => view.getUint32(found.at + index * 4))
}

function pathsOf(header: Header): string[] {
  const [names, indexes, directories] = [
    textsAt(header, BASENAMES),
    numbersAt(header, DIRINDEXES),
    textsAt(header, DIRNAMES),
  ]
  return names.map((name, at) => `${directories[indexes[at] ?? -1] ?? '/'}${name}`.slice(1))
}
