import type { EngineName } from '../../model/engine-names.js'
import type { Digest } from '../../bytes/digest.js'
import { familiarTagged } from '../../model/reference.js'
import { unpackFault } from './containerd-layers.js'
import { manifestsBelow, type ImageManifest } from './containerd-manifests.js'
import { blobOf, ingest, writtenBlob, type Ingested, type StoredBlob } from './containerd-store.js'
import { digestFault } from './copy-rules.js'
import { isIndex, isManifest, readDescriptors, type OciDescriptor } from './oci-documents.js'
import { addImage, giveName, Stop, stopIf, type Engine, type Given, type Loading } from './prediction.js'
import { referenceFault } from './references.js'
import type { SaveEntry } from './save-manifest.js'

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

/** dockerd with the containerd store, and containerd itself: the import of an archive (FORMATS 1.0, 1.6, 2.2). */
export function containerdEngine(id: EngineName, title: string): Engine {
  return { id, title, load }
}

async function load(given: Given, loading: Loading): Promise<void> {
  const ingested = await ingest(given)
  const { layoutVersion, entries } = ingested
  if (layoutVersion !== undefined && layoutVersion !== '') {
    if (layoutVersion !== '1.0.0') throw new Stop(`unsupported OCI version ${layoutVersion}`)
    if (entries !== undefined) loading.ignores.add('manifest.json: oci-layout and index.json win')
    await loadIndex(given, loading, ingested)
    return
  }
  if (entries === undefined) throw new Stop('unrecognized image format')
  takeLinks(ingested)
  await loadEntries(given, loading, ingested, entries)
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
  const found: (readonly ImageManifest[])[] = []
  for (const { descriptor } of targets) found.push(await manifestsBelow(given, ingested, descriptor))
  for (const [index, { descriptor, names }] of targets.entries()) {
    stopIf(targetFault(descriptor))
    // The store files an image under the digest that the index claims, whatever the archive holds.
    const image = addImage(loading, descriptor.digest as Digest)
    for (const name of names) giveName(loading, image, familiarTagged(name))
    const fault = await useFault(given, ingested, descriptor, found[index] ?? [])
    if (fault !== undefined) image.fault = fault
  }
}

/** Why the store takes no image with that target. */
function targetFault({ digest, size, mediaType }: OciDescriptor): string | undefined {
  const fault = digestFault(digest)
  if (fault !== undefined) return `InvalidArgument: Target.Digest ${JSON.stringify(digest)} invalid: ${fault}`
  if (size <= 0) return 'InvalidArgument: Target.Size must be greater than zero'
  return mediaType === '' ? 'InvalidArgument: Target.MediaType must be set' : undefined
}

/** Why no container can be made of an image, whose manifests are these. */
async function useFault(
  given: Given,
  ingested: Ingested,
  { digest, mediaType }: OciDescriptor,
  manifests: readonly ImageManifest[],
): Promise<string | undefined> {
  if (!isManifest(mediaType) && !isIndex(mediaType)) return 'descriptor is neither a manifest or index'
  if (blobOf(ingested, digest) === undefined) return `content digest ${digest}: not found`
  const manifest = manifests.find(({ platform }) => isHost(platform)) ?? manifests[0]
  if (manifest === undefined) return 'image was found but does not provide any platform'
  const { config, layers } = manifest
  const blob = blobOf(ingested, config.digest)
  if (blob === undefined) return `content digest ${config.digest}: not found`
  const read = given.documents.config(await given.documents.read(blob.source), 'oci')
  if ('fault' in read) return `could not deserialize image config: ${read.fault}`
  const stored = layers
    .filter(({ mediaType }) => isLayer(mediaType))
    .map(({ digest, mediaType }) => ({ digest, mediaType, source: blobOf(ingested, digest)?.source }))
  return unpackFault(given, stored, read.config.diffIDs ?? [])
}

// Others are taken as well where there is none for the host.
function isHost(platform: ImageManifest['platform']): boolean {
  return platform === undefined || (platform.os === 'linux' && platform.architecture === 'amd64')
}

// images.IsLayerType: what has another media type is no layer, and is not counted.
function isLayer(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.') ||
    mediaType.startsWith('application/vnd.docker.image.rootfs.')
  )
}
