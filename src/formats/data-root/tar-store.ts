import type { OpenSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { TarEntry } from '../../tar/entry.js'
import { cleanPath, cleanKey, latin1 } from '../../tar/path.js'
import { scanSource } from '../../tar/scan.js'
import type { StoredType } from '../../tar/split-files.js'
import { packedFiles, type PackedMember } from '../../tar/split-index.js'
import { openPlainTar } from '../plain-tar.js'
import { notTar } from '../tar-files.js'
import type { GivenBytes } from '../stored.js'
import { allXattrs } from './live-xattrs.js'
import type { Store, StoreNode, XattrsByKey } from './store.js'

interface Member extends PackedMember, StoreNode {
  readonly xattrs: ReadonlyMap<string, Uint8Array>
}

/**
 * A data-root packed as a tar, compressed or not: a compressed one, and what comes down a pipe, is written to a temporary
 * file that goes away with the store; `-` is what is given. Errors: those of openArchive.
 */
export async function tarStore(path: string, context: RunContext, given: GivenBytes): Promise<Store> {
  const { source, findings } = await openPlainTar(path, context, given)
  try {
    const [fault] = findings
    if (fault !== undefined) throw new ArchiveError('ERR_COMPRESSION', fault.message, { location: path })
    if (source.place?.offset !== 0) {
      throw new ArchiveError('ERR_UNSUPPORTED', 'no file to read from', { location: path })
    }
    return await storeOf(source, source.place.file, path, context)
  } catch (error) {
    await source[Symbol.asyncDispose]()
    throw error
  }
}

async function storeOf(source: OpenSource, file: string, path: string, context: RunContext): Promise<Store> {
  const members = await indexOf(source, context)
  const files = packedFiles(file, members)
  return {
    ...files,
    location: path,
    node: (key) => members.get(key),
    isClosed: () => false,
    xattrsBelow: (key) => Promise.resolve(xattrsBelow(members, key)),
    locator: (base) => ({ kind: 'tar', file, members, base }),
    place(key) {
      const member = members.get(key)
      return member?.type === 'file' ? { file, offset: member.offset } : undefined
    },
    async [Symbol.asyncDispose]() {
      files.close()
      await source[Symbol.asyncDispose]()
    },
  }
}

async function indexOf(source: OpenSource, context: RunContext): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>()
  const onEntry = (entry: TarEntry) => {
    const { key } = cleanPath(entry.rawPath)
    if (key === '' || entry.type === 'global') return
    const target = entry.type === 'hardlink' ? cleanKey(latin1(entry.rawLinkPath)).key : undefined
    const linked = target === undefined ? undefined : members.get(target)
    if (target !== undefined && linked === undefined) return
    // All names of a file are known by its first, which says so only now.
    const member = linked === undefined ? memberOf(entry) : { ...linked, identity: linked.identity ?? target ?? key }
    if (linked !== undefined && target !== undefined) members.set(target, member)
    members.set(key, member)
  }
  const end = await scanSource(source, { onEntry }, context)
  if (end.fault !== undefined) {
    const { message, offset } = end.fault
    if (end.entries === 0) throw notTar(source.location, message, offset)
    throw new ArchiveError('ERR_TRUNCATED', message, { location: source.location, offset })
  }
  return members
}

function memberOf(entry: TarEntry): Member {
  const isThere = entry.type === 'file' && entry.sparse === undefined
  return {
    type: entry.type === 'file' && !isThere ? 'other' : storedType(entry.type),
    mode: entry.mode & 0o7777,
    uid: entry.uid,
    gid: entry.gid,
    size: isThere ? entry.content.length : 0,
    offset: entry.content.offset,
    mtimeNs: entry.mtimeNs,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    linkPath: entry.type === 'symlink' ? latin1(entry.rawLinkPath) : '',
    xattrs: allXattrs(entry),
  }
}

function storedType(type: TarEntry['type']): StoredType {
  return type === 'hardlink' || type === 'global' || type === 'unknown' ? 'other' : type
}

function xattrsBelow(members: ReadonlyMap<string, Member>, base: string): XattrsByKey {
  const found = new Map<string, ReadonlyMap<string, Uint8Array>>()
  const prefix = base === '' ? '' : `${base}/`
  for (const [key, { xattrs }] of members) {
    if (xattrs.size === 0) continue
    if (key === base) found.set('', xattrs)
    else if (key.startsWith(prefix)) found.set(key.slice(prefix.length), xattrs)
  }
  return found
}
