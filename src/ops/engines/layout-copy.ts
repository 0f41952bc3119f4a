import { digestOf, hasher, type Digest } from '../../bytes/digest.js'
import { chunksOf } from '../../bytes/source.js'
import { cleanKey } from '../../tar/path.js'
import { digestFault, type CopyRules } from './copy-rules.js'
import { decodeFirst } from './go-syntax.js'
import { blobPath, layoutDisk, type LayoutDisk } from './layout-disk.js'
import {
  isIndex,
  isManifest,
  readDescriptors,
  readManifest,
  type ImageDocuments,
  type OciDescriptor,
} from './oci-documents.js'
import { Stop, stopIf, type Given } from './prediction.js'
import { storeStack, type StoreStack } from './store-layers.js'

/** What a copy out of a layout gives. */
export interface CopiedLayout {
  readonly imageID: Digest
  readonly descriptor: OciDescriptor
}

const HOST = { os: 'linux', architecture: 'amd64', variant: '' }

/** Copies the one image of an OCI layout or archive. Errors: Stop, in the words of containers/image. */
export async function copyLayout(given: Given, rules: CopyRules): Promise<CopiedLayout> {
  const disk = layoutDisk(given)
  checkNames(given)
  const index = readDescriptors(await given.documents.read(disk.file('index.json')), 'manifests', decodeFirst)
  if ('fault' in index) throw new Stop(index.fault)
  const { descriptors } = index
  const [descriptor] = descriptors
  if (descriptor === undefined || descriptors.length > 1) throw new Stop('more than one image in oci, choose an image')
  const manifest = await chosen(given, disk, descriptor)
  const stack = storeStack(given, rules)
  for (const layer of manifest.layers) await copyBlob(given, rules, disk, stack, layer)
  return { imageID: await copyConfig(given, rules, disk, stack, manifest.config), descriptor }
}

/** Unlike docker's, this extraction is in no chroot, and refuses what leads out. */
function checkNames({ view }: Given): void {
  const outside = view.members.find(({ name }) => cleanKey(name).escapes)
  if (outside === undefined) return
  throw new Stop(`creating temp directory: untarring file: ${JSON.stringify(outside.name)} is outside of it`)
}

/** The manifest itself, or the one of a list that is for this host. */
async function chosen(given: Given, disk: LayoutDisk, descriptor: OciDescriptor): Promise<ImageDocuments> {
  const bytes = await given.documents.read(disk.file(blobPath(checked(descriptor.digest))))
  const { mediaType } = descriptor
  if (!isIndex(mediaType)) {
    // What has no type at all is guessed.
    stopIf(mediaType === '' || isManifest(mediaType) ? undefined : 'unsupported schema version 2')
    return parsed(bytes)
  }
  const read = readDescriptors(bytes, 'manifests')
  if ('fault' in read) throw new Stop(read.fault)
  const fits = read.descriptors.find(({ platform }) => isHost(platform))
  const found = fits ?? read.descriptors.find(({ platform }) => platform === undefined)
  if (found === undefined) {
    throw new Stop('no image found in image index for architecture amd64, variant "", OS linux')
  }
  const inner = await given.documents.read(disk.file(blobPath(checked(found.digest))))
  if (digestOf(inner) !== found.digest)
    throw new Stop(`Manifest does not match provided manifest digest ${found.digest}`)
  if (isIndex(found.mediaType)) {
    throw new Stop('Unexpectedly received a manifest list instead of a manifest for a single image')
  }
  return parsed(inner)
}

function isHost(platform: OciDescriptor['platform']): boolean {
  const isSame = platform?.os === HOST.os && platform.architecture === HOST.architecture
  return isSame && platform.variant === HOST.variant
}

function parsed(bytes: Uint8Array): ImageDocuments {
  const read = readManifest(bytes)
  if (typeof read === 'string') throw new Stop(read)
  return read
}

function checked(digest: string): string {
  const fault = digestFault(digest)
  if (fault !== undefined) throw new Stop(`unexpected digest reference ${digest}: ${fault}`)
  return digest
}

async function copyBlob(
  given: Given,
  rules: CopyRules,
  disk: LayoutDisk,
  stack: StoreStack,
  { digest, mediaType, urls }: OciDescriptor,
): Promise<void> {
  if (!rules.dockerZstd && mediaType === 'application/vnd.docker.image.rootfs.diff.tar.zstd') {
    throw new Stop(`unsupported docker v2s2 media type: ${JSON.stringify(mediaType)}`)
  }
  const fault = digestFault(digest)
  if (fault !== undefined) throw new Stop(`trying to reuse blob ${digest} at destination: ${fault}`)
  const [url] = urls ?? []
  if (url !== undefined) throw new Stop(`reading blob ${digest}: fetching ${JSON.stringify(url)} failed`)
  if (stack.has(digest)) return
  const source = disk.file(blobPath(digest))
  const facts = await given.layers.read(source)
  const got = digest.startsWith('sha512:') ? await sha512Of(given, disk, digest) : facts.digest
  if (got !== digest) {
    throw new Stop(`writing blob: happened during read: Digest did not match, expected ${digest}, got ${got}`)
  }
  if (rules.into === 'dir' && facts.digest !== digest) {
    throw new Stop(
      `Internal error writing blob ${digest}, blob with digest ${digest} saved with digest ${facts.digest}`,
    )
  }
  stack.add(digest, facts)
}

async function sha512Of({ context }: Given, disk: LayoutDisk, digest: string): Promise<string> {
  const hash = hasher('sha512')
  for await (const chunk of chunksOf(disk.file(blobPath(digest)), context.signal)) hash.update(chunk)
  return hash.digest()
}

async function copyConfig(
  given: Given,
  rules: CopyRules,
  disk: LayoutDisk,
  stack: StoreStack,
  { digest, size }: OciDescriptor,
): Promise<Digest> {
  const bytes = await given.documents.read(disk.file(blobPath(checked(digest))))
  const actual = digestOf(bytes, digest.startsWith('sha512:') ? 'sha512' : 'sha256')
  if (actual !== digest) {
    throw new Stop(
      `reading config blob ${digest}: Download config.json digest ${actual} does not match expected ${digest}`,
    )
  }
  if (bytes.length !== size) {
    throw new Stop(`writing blob: Size mismatch when copying ${digest}, expected ${size}, got ${bytes.length}`)
  }
  const read = given.documents.config(bytes, 'docker')
  const diffIDs = 'config' in read ? (read.config.diffIDs ?? []) : []
  if (rules.checksDiffIDs) stack.compare(diffIDs)
  return actual
}
