import { bytesSource, chunksOf } from '../../src/bytes/source.js'
import type { Image, Layer } from '../../src/model/image.js'
import { paddingOf, tarHeader, TAR_END_BYTES } from '../../src/tar/write.js'
import { latin1Bytes } from '../../src/tar/path.js'
import { concatenated } from './chunks.js'

/** An entry of a layer; what is left out is a file of root's, 0644, from 2023. All names are latin1, one character a byte. */
export interface LayerEntry {
  readonly path: string
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo' | 'unknown'
  readonly content?: string
  readonly linkPath?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtimeNs?: bigint
  readonly device?: readonly [number, number]
  readonly xattrs?: Readonly<Record<string, string>>
}

/** A directory, 0755. */
export function directory(path: string, more: Partial<LayerEntry> = {}): LayerEntry {
  return { path, type: 'directory', mode: 0o755, ...more }
}

/** A file, empty unless it is given content. */
export function file(path: string, more: Partial<LayerEntry> = {}): LayerEntry {
  return { path, ...more }
}

/** A symlink. */
export function symlink(path: string, linkPath: string): LayerEntry {
  return { path, type: 'symlink', linkPath }
}

/** A hard link, 0644: engines give the file what the header of its last link says. */
export function hardlink(path: string, linkPath: string, more: Partial<LayerEntry> = {}): LayerEntry {
  return { path, type: 'hardlink', linkPath, ...more }
}

const TYPEFLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  unknown: 'V',
}

/** 2023-11-14 22:13:20, the time of entries that have none of their own. */
export const ENTRY_TIME = 1_700_000_000_000_000_000n

/** The tar of a layer. */
export function layerTar(entries: readonly LayerEntry[]): Uint8Array {
  return concatenated(...entries.flatMap(entryParts), new Uint8Array(TAR_END_BYTES))
}

function entryParts(entry: LayerEntry): Uint8Array[] {
  const { path, type = 'file', content = '', linkPath = '', mode = 0o644, uid = 0, gid = 0 } = entry
  const bytes = latin1Bytes(content)
  const xattrs = Object.entries(entry.xattrs ?? {})
  const header = tarHeader({
    rawPath: latin1Bytes(path),
    rawLinkPath: latin1Bytes(linkPath),
    typeflag: TYPEFLAGS[type],
    mode,
    uid,
    gid,
    uname: '',
    gname: '',
    size: bytes.length,
    mtimeNs: entry.mtimeNs ?? ENTRY_TIME,
    devMajor: entry.device?.[0] ?? 0,
    devMinor: entry.device?.[1] ?? 0,
    records: new Map(xattrs.map(([name, value]) => [`SCHILY.xattr.${name}`, latin1Bytes(value)])),
  })
  return [header, bytes, new Uint8Array(paddingOf(bytes.length))]
}

/** A layer of these bytes, stored plain. */
export function layerOfBytes(index: number, bytes: Uint8Array): Layer {
  const path = `layer-${index}.tar`
  const blob = bytesSource(bytes, path)
  return { index, state: 'stored', path, claims: {}, blob, tar: ({ signal }) => chunksOf(blob, signal) }
}

/** Layers of these entries, base first. */
export function layersOf(...layers: readonly (readonly LayerEntry[])[]): Layer[] {
  return layers.map((entries, index) => layerOfBytes(index, layerTar(entries)))
}

/** A layer that its archive does not have. */
export function missingLayer(index: number, error: Error): Layer {
  const tar = () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) })
  return { index, state: 'missing', path: `layer-${index}.tar`, claims: {}, blob: undefined, tar }
}

/** An image with these layers and nothing else to it. */
export function imageOf(layers: readonly Layer[]): Image {
  const make = () => {
    throw new Error('no config is made of this image')
  }
  return {
    names: [],
    platform: { os: 'linux', architecture: 'amd64' },
    config: {},
    configSource: { kind: 'derived', make },
    manifest: undefined,
    layers,
    attachments: [],
    path: 'test',
  }
}
