import type { ByteSource } from '../../bytes/source.js'
import type { LoadMember } from '../../model/load-view.js'
import { emptyDirectory, isFault, lookUp, type DiskDirectory } from './disk.js'
import { tarWords } from './layer-facts.js'
import { Stop, type Given } from './prediction.js'
import { unpack } from './untar.js'

/** A layout as it lies in a directory, extracted or not. */
export interface LayoutDisk {
  /** The bytes at a path. Errors: Stop, `no such file or directory` where there are none. */
  file(path: string): ByteSource
  has(path: string): boolean
}

/** Extracts an OCI archive as containers/image and people with tar do. Errors: Stop. */
export function layoutDisk({ view }: Given): LayoutDisk {
  const [peel, second] = view.peels
  if (second !== undefined) throw new Stop('creating temp directory: untarring file: archive/tar: invalid tar header')
  const root = emptyDirectory()
  const entries = view.members.map((member) => ({ ...member, content: member }))
  const words = unpack(root, entries, { whiteouts: 'plain', dialect: 'chroot' })
  const isCut = peel?.problem === 'broken' && view.end.marker !== 'two-zero-blocks'
  const broken = isCut ? 'unexpected EOF' : undefined
  const fault = words ?? broken ?? (view.end.fault === undefined ? undefined : tarWords(view.end.fault))
  if (fault !== undefined) throw new Stop(`creating temp directory: untarring file: ${fault}`)
  return { file: (path) => fileAt(root, path), has: (path) => nodeAt(root, path) !== undefined }
}

function nodeAt(root: DiskDirectory, path: string) {
  const found = lookUp(root, path, 'all')
  return isFault(found) ? undefined : found.node
}

function fileAt(root: DiskDirectory, path: string): ByteSource {
  const node = nodeAt(root, path)
  if (node?.kind !== 'file')
    throw new Stop(`open ${path}: ${node === undefined ? 'no such file or directory' : 'is a directory'}`)
  // The extraction of this file put the members themselves there.
  const { source } = node.content as LoadMember
  if (source === undefined) throw new Stop('unexpected EOF')
  return source
}

/** The path of a blob. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}
