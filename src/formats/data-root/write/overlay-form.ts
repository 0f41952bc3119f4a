import { ArchiveError } from '../../../errors.js'
import type { TarEntry } from '../../../tar/entry.js'
import { cleanKey, cleanPath, latin1, latin1Bytes } from '../../../tar/path.js'
import { tarHeader, type TarHeaderFields } from '../../../tar/write.js'

const OPAQUE_NAME = '.wh..wh..opq'
const WHITEOUT = '.wh.'
const RECORD = 'SCHILY.xattr.'
const OPAQUE_RECORD = `${RECORD}trusted.overlay.opaque`
// Attributes that overlayfs obeys: an image that brings them would show other files than its layers say.
const OBEYED = [`${RECORD}trusted.overlay.`, `${RECORD}user.overlay.`]

/** The headers of a layer's entries as overlayfs has them on disk. */
export interface OverlayForm {
  /** The header blocks that come before the content of the entry; none for what is only said by another. */
  headerOf(entry: TarEntry): Uint8Array
}

/**
 * Rewrites the entries of a layer, in their order, into overlayfs's on-disk form (FORMATS: overlay on-disk markers): a
 * deleted name is a device 0:0, an opaque directory has an attribute. Errors: ERR_UNSAFE_PATH, ERR_UNSUPPORTED for what
 * docker cannot unpack either.
 */
export function overlayForm(location: string): OverlayForm {
  const directories = new Map<string, TarHeaderFields>()
  const opaque = new Set<string>()
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
        return tarHeader(withOpaque(known))
      }
      if (name.startsWith(WHITEOUT)) {
        return tarHeader(deleted(entry, `${key.slice(0, slash)}${hidden(name, entry, location)}`))
      }
      const fields = fieldsOf(entry, key, location)
      if (entry.type !== 'directory') return tarHeader(fields)
      directories.set(key, fields)
      return tarHeader(opaque.has(key) ? withOpaque(fields) : fields)
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

function withOpaque(fields: TarHeaderFields): TarHeaderFields {
  return { ...fields, records: new Map([...(fields.records ?? []), [OPAQUE_RECORD, latin1Bytes('y')]]) }
}

const TYPEFLAGS: Partial<Record<TarEntry['type'], string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

function fieldsOf(entry: TarEntry, key: string, location: string): TarHeaderFields {
  const typeflag = TYPEFLAGS[entry.type]
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
