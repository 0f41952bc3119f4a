import { createHash } from 'node:crypto'
import { concatenated, sha256 } from './chunks.js'
import { layerTar, type LayerEntry } from './layers.js'
import { paddingOf, tarHeader, TAR_END_BYTES } from '../../src/tar/write.js'
import { latin1Bytes } from '../../src/tar/path.js'

/** Members of an archive by path, in the order in which they are to stand. */
export type Members = ReadonlyMap<string, Uint8Array>

/** An image as a fixture describes it. */
export interface ImageFixture {
  readonly names: readonly string[]
  /** The stored bytes of each layer, base first. */
  readonly layers: readonly Uint8Array[]
  /** sha256 of the uncompressed layers, where they are stored compressed. */
  readonly diffIDs?: readonly string[]
  readonly mediaType?: string
  /** What the config has beside or instead of the usual. */
  readonly config?: Readonly<Record<string, unknown>>
}

const encoder = new TextEncoder()

/** A document as bytes. */
export const json = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))

/** `sha256:` and the hex. */
export const digest = (bytes: Uint8Array): string => `sha256:${sha256(bytes)}`

/** A layer with one file. */
export function layer(path: string, content = path): Uint8Array {
  return layerTar([{ path, content }])
}

/** Two layers, one name, nothing odd. */
export const PLAIN: ImageFixture = { names: ['app:1'], layers: [layer('etc/a', 'one\n'), layer('etc/b', 'two\n')] }

/** The config of an image. */
export function configOf({ layers, diffIDs = layers.map(digest), config }: ImageFixture): Uint8Array {
  const created = '2023-11-07T00:00:00Z'
  return json({
    architecture: 'amd64',
    config: { Cmd: ['/app'] },
    created,
    history: layers.map(() => ({ created, created_by: 'COPY' })),
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffIDs },
    ...config,
  })
}

/** As docker 1.10 to 24, skopeo and podman write it. */
export function dockerSave(...images: readonly ImageFixture[]): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>()
  const items = images.map((image) => {
    const config = configOf(image)
    members.set(`${sha256(config)}.json`, config)
    for (const bytes of image.layers) members.set(`${sha256(bytes)}.tar`, bytes)
    const Layers = image.layers.map((bytes) => `${sha256(bytes)}.tar`)
    return { Config: `${sha256(config)}.json`, RepoTags: image.names, Layers }
  })
  return members.set('manifest.json', json(items))
}

const OCI = 'application/vnd.oci.image'

/** The manifest of an image in an OCI layout. */
export function manifestOf(image: ImageFixture): Uint8Array {
  const config = configOf(image)
  return json({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(`${OCI}.config.v1+json`, config),
    layers: image.layers.map((bytes) => descriptor(image.mediaType ?? `${OCI}.layer.v1.tar`, bytes)),
  })
}

/** A descriptor of these bytes. */
export function descriptor(mediaType: string, bytes: Uint8Array): Record<string, unknown> {
  return { mediaType, digest: digest(bytes), size: bytes.length }
}

/** The path of a blob. */
export const blob = (bytes: Uint8Array): string => `blobs/sha256/${sha256(bytes)}`

/** An OCI image layout. */
export function ociLayout(...images: readonly ImageFixture[]): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>()
  const manifests = images.flatMap((image) => {
    const manifest = manifestOf(image)
    for (const bytes of [configOf(image), ...image.layers, manifest]) members.set(blob(bytes), bytes)
    const pointer = descriptor(`${OCI}.manifest.v1+json`, manifest)
    const named = image.names.map((name) => ({ ...pointer, annotations: { 'io.containerd.image.name': name } }))
    return named.length === 0 ? [pointer] : named
  })
  members.set('index.json', json({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests }))
  return members.set('oci-layout', json({ imageLayoutVersion: '1.0.0' }))
}

/** Both in one, as docker writes it since 25. */
export function hybrid(...images: readonly ImageFixture[]): Map<string, Uint8Array> {
  const items = images.map((image) => ({
    Config: blob(configOf(image)),
    RepoTags: image.names,
    Layers: image.layers.map(blob),
  }))
  return ociLayout(...images).set('manifest.json', json(items))
}

/** As docker up to 1.9 wrote it: a folder per layer, the last of them named. */
export function dockerV1(...images: readonly ImageFixture[]): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>()
  const repositories: Record<string, Record<string, string>> = {}
  for (const { names, layers } of images) {
    let parent: string | undefined
    for (const bytes of layers) {
      const id = createHash('sha256')
        .update(`${parent ?? ''} ${sha256(bytes)}`)
        .digest('hex')
      members.set(`${id}/VERSION`, encoder.encode('1.0'))
      const common = { id, ...(parent !== undefined && { parent }), created: '2015-01-02T03:04:05Z' }
      members.set(`${id}/json`, json({ ...common, docker_version: '1.9.1', architecture: 'amd64', os: 'linux' }))
      members.set(`${id}/layer.tar`, bytes)
      parent = id
    }
    for (const name of names) {
      const [repository = '', tag = ''] = name.split(':')
      repositories[repository] = { ...repositories[repository], [tag]: parent ?? '' }
    }
  }
  return members.set('repositories', json(repositories))
}

/** The archive as a tar: files, and whatever entries are to stand before them. */
export function packed(members: Members, before: readonly LayerEntry[] = []): Uint8Array {
  const links = layerTar(before).subarray(0, -TAR_END_BYTES)
  const files = [...members].flatMap(([path, bytes]) => [
    tarHeader({
      rawPath: latin1Bytes(path),
      rawLinkPath: new Uint8Array(0),
      typeflag: '0',
      mode: 0o644,
      uid: 0,
      gid: 0,
      uname: '',
      gname: '',
      size: bytes.length,
      mtimeNs: 0n,
      devMajor: 0,
      devMinor: 0,
    }),
    bytes,
    new Uint8Array(paddingOf(bytes.length)),
  ])
  return concatenated(links, ...files, new Uint8Array(TAR_END_BYTES))
}

/** Members without some, and with others in their place. */
export function changed(
  members: Members,
  changes: Readonly<Record<string, Uint8Array | undefined>>,
): Map<string, Uint8Array> {
  const result = new Map(members)
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === undefined) result.delete(path)
    else result.set(path, bytes)
  }
  return result
}

/** The bytes with one bit turned at that place. */
export function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ bit
  return copy
}

/** Where the content of a member begins in a packed archive. */
export function offsetOf(archive: Uint8Array, content: Uint8Array): number {
  for (let at = 512; at + content.length <= archive.length; at += 512) {
    if (content.every((byte, index) => archive[at + index] === byte)) return at
  }
  throw new Error('the content is not in the archive')
}
