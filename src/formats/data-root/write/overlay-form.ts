import { concat } from '../../../bytes/concat.js'
import type { UserNamespace } from '../../../context.js'
import { ArchiveError } from '../../../errors.js'
import { idOnHost, isRootless } from '../../../model/user-namespace.js'
import type { TarEntry } from '../../../tar/entry.js'
import { TYPEFLAGS } from '../../../tar/file-type.js'
import { cleanKey, cleanPath, latin1, latin1Bytes } from '../../../tar/path.js'
import { tarHeader, type TarHeaderFields } from '../../../tar/write.js'

const OPAQUE_NAME = '.wh..wh..opq'
const WHITEOUT = '.wh.'
const RECORD = 'SCHILY.xattr.'
// Attributes that overlayfs obeys: an image that brings them would show other files than its layers say.
const OBEYED = [`${RECORD}trusted.overlay.`, `${RECORD}user.overlay.`]

/** The headers of a layer's entries as overlayfs has them on disk. */
export interface OverlayForm {
  /** The header blocks that come before the content of the entry; none for what is only said by another. */
  headerOf(entry: TarEntry): Uint8Array
}

/**
 * Rewrites the entries of a layer, in their order, into overlayfs's on-disk form (FORMATS: overlay on-disk markers): a
 * deleted name is a device 0:0, an opaque directory has an attribute, and the owners are those of the host. Errors:
 * ERR_UNSAFE_PATH, ERR_UNSUPPORTED for what docker cannot unpack either, such as an id that its namespace does not have.
 */
export function overlayForm(location: string, space?: UserNamespace): OverlayForm {
  const directories = new Map<string, TarHeaderFields>()
  const opaque = new Set<string>()
  // Rootless daemons mount with `userxattr`.
  const opaqueRecord = `${RECORD}${isRootless(space) ? 'user' : 'trusted'}.overlay.opaque`
  const withOpaque = (fields: TarHeaderFields): TarHeaderFields => {
    return { ...fields, records: new Map([...(fields.records ?? []), [opaqueRecord, latin1Bytes('y')]]) }
  }
  const made = new Set<string>()
  const headerFor = (entry: TarEntry, fields: TarHeaderFields) => {
    const { key } = cleanPath(fields.rawPath)
    const all = [...(space === undefined ? [] : unnamedAbove(key, made)).map((path) => madeFor(entry, path)), fields]
    if (entry.type === 'directory') made.add(key)
    return concat(all.map((one) => tarHeader(onHost(one, entry, space, location))))
  }
  return {
    headerOf(entry) {
      if (entry.type === 'global') return new Uint8Array(0)
      const { key, escapes, nul } = cleanPath(entry.rawPath)
      if (escapes || nul) throw refusal('ERR_UNSAFE_PATH', 'a path leaves the layer', entry, location)
      const slash = key.lastIndexOf('/') + 1
      const [folder, name] = [key.slice(0, Math.max(0, slash - 1)), key.slice(slash)]
      if (name === OPAQUE_NAME) {
        if (folder === '') return new Uint8Array(0) // the root of an overlay cannot be opaque
        opaque.add(folder)
        const known = directories.get(folder) ?? madeFor(entry, folder)
        return headerFor(entry, withOpaque(known))
      }
      if (name.startsWith(WHITEOUT)) {
        return headerFor(entry, deleted(entry, `${key.slice(0, slash)}${hidden(name, entry, location)}`))
      }
      const fields = fieldsOf(entry, key, location)
      if (entry.type !== 'directory') return headerFor(entry, fields)
      directories.set(key, fields)
      return headerFor(entry, opaque.has(key) ? withOpaque(fields) : fields)
    },
  }
}

function hidden(name: string, entry: TarEntry, location: string): string {
  const own = name.slice(WHITEOUT.length)
  if (own !== '' && own !== '.' && own !== '..') return own
  throw refusal('ERR_UNSUPPORTED', 'a whiteout with an impossible name', entry, location)
}

function deleted(entry: TarEntry, key: string): TarHeaderFields {
  return {
    ...plain(entry, key),
    rawLinkPath: new Uint8Array(0),
    typeflag: '3',
    mode: 0,
    size: 0,
    devMajor: 0,
    devMinor: 0,
  }
}

// Docker makes what is missing on the way to a marker like this.
function madeFor(entry: TarEntry, folder: string): TarHeaderFields {
  return { ...deleted(entry, `${folder}/`), uid: 0, gid: 0, typeflag: '5', mode: 0o755 }
}

/** Folders that lie above a path and no entry named: tar would make them root's, who is somebody else in a namespace. */
function unnamedAbove(key: string, made: Set<string>): readonly string[] {
  const above: string[] = []
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
    const path = key.slice(0, slash)
    if (!made.has(path)) above.push(path)
    made.add(path)
  }
  return above
}

function onHost(
  fields: TarHeaderFields,
  entry: TarEntry,
  space: UserNamespace | undefined,
  location: string,
): TarHeaderFields {
  if (space === undefined) return fields
  const [uid, gid] = [idOnHost(space.uid, fields.uid), idOnHost(space.gid, fields.gid)]
  if (uid !== undefined && gid !== undefined) return { ...fields, uid, gid }
  const why = `its owner ${fields.uid}:${fields.gid} is none of the user namespace`
  throw refusal('ERR_UNSUPPORTED', why, entry, location)
}

const UNPACKED: Partial<Record<TarEntry['type'], string>> = { ...TYPEFLAGS, hardlink: '1' }

function fieldsOf(entry: TarEntry, key: string, location: string): TarHeaderFields {
  const typeflag = UNPACKED[entry.type]
  if (typeflag === undefined) throw refusal('ERR_UNSUPPORTED', 'a type that docker refuses', entry, location)
  if (entry.sparse !== undefined) {
    throw refusal('ERR_UNSUPPORTED', 'a sparse file, which docker cannot give back', entry, location)
  }
  const target = entry.type === 'hardlink' ? cleanKey(latin1(entry.rawLinkPath)) : undefined
  if (target?.escapes === true) throw refusal('ERR_UNSAFE_PATH', 'a hard link leaves the layer', entry, location)
  const name = key === '' ? './' : entry.type === 'directory' ? `${key}/` : key
  const records = new Map([...entry.pax].filter(([record]) => isKept(record)))
  return {
    ...plain(entry, name),
    typeflag,
    rawLinkPath: target === undefined ? entry.rawLinkPath : latin1Bytes(target.key),
    size: entry.type === 'file' ? entry.content.length : 0,
    ...(records.size > 0 && { records }),
  }
}

function isKept(record: string): boolean {
  return record.startsWith(RECORD) && !OBEYED.some((prefix) => record.startsWith(prefix))
}

function plain(entry: TarEntry, name: string): TarHeaderFields {
  const { rawLinkPath, typeflag, mode, uid, gid, size, devMajor, devMinor, mtimeNs } = entry
  return {
    rawPath: latin1Bytes(name),
    rawLinkPath,
    typeflag,
    mode: mode & 0o7777,
    uid,
    gid,
    uname: '',
    gname: '',
    size,
    devMajor,
    devMinor,
    mtimeNs: mtimeNs < 0n ? 0n : mtimeNs, // docker clamps what is before 1970
  }
}

function refusal(
  code: 'ERR_UNSAFE_PATH' | 'ERR_UNSUPPORTED',
  why: string,
  { path }: TarEntry,
  location: string,
): ArchiveError {
  return new ArchiveError(code, `the layer cannot be unpacked: ${why}: ${JSON.stringify(path)}`, { location })
}
