import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { digestOf, diffIDOf, hexOf } from '../../src/bytes/digest.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { chainIDs } from '../../src/model/chain-id.js'
import { fileTree } from '../../src/ops/tar-split-files.js'
import { disassembler } from '../../src/tar/split-disassemble.js'
import { boltDatabase, type Tree } from './bbolt.js'

/** A data-root whose images containerd keeps, in the making: what docker 28 leaves behind. */
export interface ContainerdFixture extends Disposable {
  readonly path: string
  /** Key of the root of containerd. */
  readonly home: string
  /** Adds an image of these layers, base first, gzipped and unpacked; gives the digest of its manifest. */
  image(name: string, ...layers: readonly Uint8Array[]): string
  /** The same with layers that are not compressed. */
  plain(name: string, ...layers: readonly Uint8Array[]): string
  /** The blob of a digest. */
  blob(digest: string): string
  /** The blob of a layer. */
  layer(tar: Uint8Array): string
  /** The tree that a stack of layers was unpacked to, that of its top. */
  tree(...layers: readonly Uint8Array[]): string
  /** Adds a container on these layers; gives the folder of what it wrote. */
  container(name: string, manifest: string, ...layers: readonly Uint8Array[]): string
  /** Writes the databases of what was added so far. */
  finish(): void
}

/** How layers lie in the content store. */
interface Packing {
  readonly suffix: string
  readonly pack: (tar: Uint8Array) => Uint8Array
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** An empty data-root in a temporary folder, which goes away with it; `native` has whole trees, `devmapper` none. */
export function containerdRoot(snapshotter: 'overlayfs' | 'native' | 'devmapper' = 'overlayfs'): ContainerdFixture {
  const snapshotterHome = `io.containerd.snapshotter.v1.${snapshotter}`
  const path = mkdtempSync(join(tmpdir(), 'imgtar-containerd-'))
  const home = 'containerd/daemon'
  const images: Record<string, Tree> = {}
  const snapshots: Record<string, Tree> = {}
  const numbers = new Map<string, number>()
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), content)
  }
  const blob = (digest: string) => join(path, home, `io.containerd.content.v1.content/blobs/sha256/${hexOf(digest)}`)
  const add = (content: Uint8Array) => {
    const digest = digestOf(content)
    mkdirSync(dirname(blob(digest)), { recursive: true })
    writeFileSync(blob(digest), content)
    return { digest, size: content.length }
  }
  const folder = (name: string, parent?: string) => {
    const known = numbers.get(name)
    const number = known ?? numbers.size + 1
    numbers.set(name, number)
    snapshots[name] = { id: Uint8Array.of(number), size: signed(4096), ...(parent !== undefined && { parent }) }
    const own = `snapshots/${number}${snapshotter === 'native' ? '' : '/fs'}`
    const tree = join(path, home, snapshotterHome, own)
    if (snapshotter !== 'devmapper') mkdirSync(tree, { recursive: true })
    const from = numbers.get(parent ?? '')
    if (snapshotter === 'native' && known === undefined && from !== undefined) {
      // With times to the nanosecond, as containerd copies.
      spawnSync('cp', ['-a', `${join(tree, '..', String(from))}/.`, tree])
    }
    return { tree, isNew: known === undefined }
  }
  const chainsOf = (layers: readonly Uint8Array[]) => chainIDs(layers.map((layer) => diffIDOf(digestOf(layer))))
  const nameOf = (chainID: string | undefined) => (chainID === undefined ? undefined : `moby/1/${chainID}`)
  const unpack = (layers: readonly Uint8Array[]) => {
    const chains = chainsOf(layers)
    for (const [index, layer] of layers.entries()) {
      const { tree, isNew } = folder(nameOf(chains[index]) ?? '', nameOf(chains[index - 1]))
      if (isNew && snapshotter !== 'devmapper') writeTree(layer, tree)
    }
    return nameOf(chains.at(-1))
  }
  const addImage = (name: string, layers: readonly Uint8Array[], { suffix, pack }: Packing): string => {
    unpack(layers)
    const rootfs = { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) }
    const history = layers.map((_, at) => ({ created_by: `step ${String(at)}` }))
    const config = add(json({ architecture: 'amd64', os: 'linux', config: {}, rootfs, history, name }))
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: layers.map((layer) => ({
        mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}`,
        ...add(pack(layer)),
      })),
    }
    const { digest, size } = add(json(manifest))
    images[`docker.io/library/${name}`] = { target: { digest, mediatype: MANIFEST, size: signed(size) } }
    return digest
  }
  return {
    path,
    home,
    blob,
    layer: (tar) => blob(digestOf(gzipSync(tar))),
    tree: (...layers) => folder(unpack(layers) ?? '').tree,
    image: (name, ...layers) => addImage(name, layers, { suffix: '+gzip', pack: (tar) => gzipSync(tar) }),
    plain: (name, ...layers) => addImage(name, layers, { suffix: '', pack: (tar) => tar }),
    container(name, manifest, ...layers) {
      const id = hexOf(digestOf(new TextEncoder().encode(name)))
      const parent = unpack(layers)
      folder(`moby/2/${id}-init`, parent)
      const config = { ID: id, Name: `/${name}`, Image: manifest, Driver: snapshotter, Created: '2026-01-01T00:00:00Z' }
      write(`containers/${id}/config.v2.json`, JSON.stringify(config))
      return folder(`moby/3/${id}`, `moby/2/${id}-init`).tree
    },
    finish() {
      write(`${home}/io.containerd.metadata.v1.bolt/meta.db`, boltDatabase({ v1: { moby: { images } } }))
      write(`${home}/${snapshotterHome}/metadata.db`, boltDatabase({ v1: { snapshots } }))
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** Go's encoding/binary.PutVarint of a number that is not negative. */
function signed(value: number): Uint8Array {
  const bytes: number[] = []
  for (let left = value * 2; ; left = Math.floor(left / 128)) {
    bytes.push(left < 128 ? left : 0x80 | (left % 128))
    if (left < 128) return Uint8Array.from(bytes)
  }
}

function writeTree(tar: Uint8Array, directory: string): void {
  using files = fileTree(directory)
  const split = disassembler(
    {
      onSplit: () => undefined,
      onFile: (entry) => files.begin(entry),
      onContent: (chunk) => files.write(chunk),
    },
    DEFAULT_LIMITS,
    'layer.tar',
  )
  split.push(tar)
  split.end()
}
