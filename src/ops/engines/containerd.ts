import type { EngineName } from '../../model/engine-names.js'
import type { Digest } from '../../bytes/digest.js'
import { familiarTagged } from '../../model/reference.js'
import { unpackFault } from './containerd-layers.js'
import { blobOf, ingest, writtenBlob, type Ingested, type StoredBlob } from './containerd-store.js'
import { readDescriptors, readManifest, type OciDescriptor } from './oci-documents.js'
import { addImage, giveName, Stop, stopIf, type Engine, type Given, type Loading } from './prediction.js'
import { referenceFault } from './references.js'
import { readSaveManifest, type SaveEntry } from './save-manifest.js'

const SAVE_LIST = '[]struct { Config string; RepoTags []string; Layers []string }'
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

/** dockerd with the containerd store, and containerd itself: the import of an archive (FORMATS 1.0, 1.6, 2.2). */
export function containerdEngine(id: EngineName, title: string): Engine {
  return { id, title, load }
}

async function load(given: Given, loading: Loading): Promise<void> {
  const ingested = await ingest(given)
  const { layoutVersion, manifest } = ingested
  if (layoutVersion !== undefined && layoutVersion !== '') {
    if (layoutVersion !== '1.0.0') throw new Stop(`unsupported OCI version ${layoutVersion}`)
    if (manifest !== undefined) loading.ignores.add('manifest.json: oci-layout and index.json win')
    await loadIndex(given, loading, ingested)
    return
  }
  const read =
    manifest === undefined
      ? undefined
      : readSaveManifest(manifest, { way: 'first', entryName: '', listName: SAVE_LIST })
  if (read !== undefined && 'fault' in read) throw new Stop(`untar manifest "manifest.json": ${read.fault}`)
  if (read === undefined || read.isNull) throw new Stop('unrecognized image format')
  takeLinks(ingested)
  await loadEntries(given, loading, ingested, read.entries)
}

/** A symlink is the blob that its path names, joined as text and without a second hop. */
function takeLinks({ links, byName }: Ingested): void {
  for (const [name, target] of links) {
    const blob = byName.get(target)
    if (blob === undefined) {
      throw new Stop(`no target for symlink layer from ${JSON.stringify(name)} to ${JSON.stringify(target)}`)
    }
    byName.set(name, blob)
  }
}

interface Target {
  readonly descriptor: OciDescriptor
  readonly names: readonly string[]
}

async function loadEntries(
  given: Given,
  loading: Loading,
  ingested: Ingested,
  entries: readonly SaveEntry[],
): Promise<void> {
  const targets: Target[] = []
  for (const entry of entries) {
    const config = ingested.byName.get(entry.config)
    if (config === undefined) throw new Stop(`image config ${JSON.stringify(entry.config)} not found`)
    const layers = entry.layers.map((path) => layerOf(ingested, path))
    const manifest = await schema2(given, config, layers)
    ingested.byDigest.set(manifest.digest, manifest)
    const read = given.documents.config(await given.documents.read(config.source), 'platform')
    if ('fault' in read) throw new Stop(`unable to resolve platform: ${read.fault}`)
    for (const tag of entry.tags) {
      const fault = referenceFault(tag, 'new')
      stopIf(fault === undefined ? undefined : `normalize image ref ${JSON.stringify(tag)}: ${fault}`)
    }
    const { digest, size } = manifest
    targets.push({
      descriptor: { mediaType: DOCKER_MANIFEST, digest, size, annotations: new Map() },
      names: entry.tags,
    })
  }
  await loadTargets(given, loading, ingested, targets)
}

function layerOf({ byName }: Ingested, path: string): StoredBlob {
  const blob = byName.get(path)
  if (blob === undefined) throw new Stop(`failed to resolve layers: layer ${JSON.stringify(path)} not found`)
  return blob
}

/** The manifest that the import writes for an entry of manifest.json; its digest is the image ID (FORMATS 1.4). */
async function schema2(given: Given, config: StoredBlob, layers: readonly StoredBlob[]): Promise<StoredBlob> {
  const described: object[] = []
  for (const { source, digest, size } of layers) {
    const { compression } = await given.layers.read(source)
    // Whatever containerd can uncompress it calls gzip here, zstd too.
    const suffix = compression === 'gzip' || compression === 'zstd' ? '.gzip' : ''
    described.push({ mediaType: `${DOCKER_LAYER}${suffix}`, digest, size })
  }
  const { digest, size } = config
  return writtenBlob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { mediaType: DOCKER_CONFIG, digest, size },
      layers: described,
    }),
  )
}

async function loadIndex(given: Given, loading: Loading, ingested: Ingested): Promise<void> {
  const index = ingested.byName.get('index.json')
  if (index === undefined) throw new Stop('missing index.json in OCI layout 1.0.0')
  const read = readDescriptors(await given.documents.read(index.source), 'manifests')
  if ('fault' in read) throw new Stop(read.fault)
  const targets = read.descriptors.map((descriptor): Target => {
    const { annotations } = descriptor
    const name =
      annotations.get('io.containerd.image.name') ?? annotations.get('org.opencontainers.image.ref.name') ?? ''
    return { descriptor, names: name === '' ? [] : [name] }
  })
  await loadTargets(given, loading, ingested, targets)
}

async function loadTargets(
  given: Given,
  loading: Loading,
  ingested: Ingested,
  targets: readonly Target[],
): Promise<void> {
  if (targets.length === 0) throw new Stop('image might be filtered out')
  for (const { descriptor, names } of targets) {
    // The store files an image under the digest that the index claims, whatever the archive holds.
    const image = addImage(loading, descriptor.digest as Digest)
    for (const name of names) giveName(loading, image, familiarTagged(name))
    const fault = await useFault(given, ingested, descriptor)
    if (fault !== undefined) image.fault = fault
  }
}

/** Why no container can be made of an image on this platform. */
async function useFault(given: Given, ingested: Ingested, descriptor: OciDescriptor): Promise<string | undefined> {
  const found = await platformManifest(given, ingested, descriptor)
  if (typeof found === 'string') return found
  const { config, layers } = found
  const blob = blobOf(ingested, config.digest)
  if (blob === undefined) return `content digest ${config.digest}: not found`
  const read = given.documents.config(await given.documents.read(blob.source), 'image')
  if ('fault' in read) return `could not deserialize image config: ${read.fault}`
  const stored = layers
    .filter(({ mediaType }) => isLayer(mediaType))
    .map(({ digest }) => ({ digest, source: blobOf(ingested, digest)?.source }))
  return unpackFault(given, stored, read.config.diffIDs ?? [])
}

// images.IsLayerType: what has another media type is no layer, and is not counted.
function isLayer(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.') ||
    mediaType.startsWith('application/vnd.docker.image.rootfs.')
  )
}

const HOST = { os: 'linux', architecture: 'amd64' }
const MOST_DEPTH = 8

type Manifest = { readonly config: OciDescriptor; readonly layers: readonly OciDescriptor[] }

/** The manifest that a target leads to on this host, through indexes; or what is missing. */
async function platformManifest(
  given: Given,
  ingested: Ingested,
  descriptor: OciDescriptor,
  depth = 0,
): Promise<Manifest | string> {
  const blob = blobOf(ingested, descriptor.digest)
  if (blob === undefined || depth > MOST_DEPTH) return `content digest ${descriptor.digest}: not found`
  const bytes = await given.documents.read(blob.source)
  if (!/index|manifest\.list/.test(descriptor.mediaType)) return readManifest(bytes)
  const children = readDescriptors(bytes, 'manifests')
  if ('fault' in children) return children.fault
  const usable = children.descriptors.filter(({ platform }) => {
    return platform === undefined || (platform.os === HOST.os && platform.architecture === HOST.architecture)
  })
  for (const child of usable) {
    const found = await platformManifest(given, ingested, child, depth + 1)
    if (typeof found !== 'string') return found
  }
  return `no match for platform in manifest ${descriptor.digest}: not found`
}
