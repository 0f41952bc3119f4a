import { toArchiveError } from '../../errors.js'
import type { Descriptor } from '../../model/descriptor.js'
import type { Image, LooseBlob } from '../../model/image.js'
import { familiarName, parseReference } from '../../model/reference.js'
import { boltBucket, boltItem, boltText, openBolt, type BoltBucket } from '../bbolt.js'
import { readIndex } from '../oci-layout.js'
import { join } from './layout.js'
import type { RootReading } from './image-store.js'
import { storeFiles } from './store-files.js'
import type { Store } from './store.js'

const CONTENT = 'io.containerd.content.v1.content'
const METADATA = 'io.containerd.metadata.v1.bolt/meta.db'

/** Whether a folder is the root of a containerd: of its own, or that which a docker daemon starts for itself. */
export function isContainerdRoot(store: Store, key: string): boolean {
  return store.typeOf(join(key, METADATA)) === 'file' || store.typeOf(join(key, `${CONTENT}/blobs`)) === 'directory'
}

/** What the content store of a containerd holds. */
export interface ContainerdContent {
  readonly images: readonly Image[]
  readonly loose: readonly LooseBlob[]
}

/**
 * The images of a containerd's store, by the names that its meta.db has for them (containerd, core/metadata/buckets.go);
 * where that is damaged every manifest that is there is an image without a name. The files stay open until the data-root is closed.
 */
export async function readContainerd(reading: RootReading, home: string): Promise<ContainerdContent> {
  const { store, log, context } = reading
  const files = storeFiles(store, join(home, CONTENT))
  reading.closing.push(async () => files[Symbol.asyncDispose]())
  const names = readNames(reading, join(home, METADATA))
  if (names.length === 0) return { images: [], loose: [] }
  const index = { manifests: names.map(({ descriptor }) => descriptor) }
  const { images, loose } = await readIndex({ files, log, context }, index, join(home, METADATA))
  return { images: images.map((image) => withRepoDigests(image, names)), loose }
}

interface NamedTarget {
  /** As meta.db has it: `docker.io/library/app:1`. */
  readonly name: string
  readonly descriptor: Descriptor
}

function withRepoDigests(image: Image, names: readonly NamedTarget[]): Image {
  const { targetDigest } = image
  const found = names.flatMap(({ name, descriptor: { digest } }) => {
    const reference = digest === targetDigest ? parseReference(name) : undefined
    if (reference === undefined || isDangling(name)) return []
    const { registry, repository } = reference
    return familiarName({ registry, repository, digest })
  })
  return found.length === 0 ? image : { ...image, repoDigests: [...new Set(found)].sort() }
}

function readNames({ store, log }: RootReading, path: string): readonly NamedTarget[] {
  const location = `${store.location} › ${path}`
  const file = store.open(path)
  if (typeof file === 'string') {
    log.add('STORE_NAMES', `the database of containerd is ${file}`, { path })
    return []
  }
  try {
    return [...targetsOf(openBolt(file, location))]
  } catch (error) {
    log.addError('STORE_NAMES', toArchiveError(error), { path })
    return []
  } finally {
    file.close()
  }
}

// Every namespace: docker's is moby, kubernetes has k8s.io, and a name may stand in several.
function* targetsOf(database: BoltBucket): Generator<NamedTarget> {
  const seen = new Set<string>()
  for (const space of boltBucket(database, 'v1')?.items() ?? []) {
    const images = space.kind === 'bucket' ? boltBucket(space.bucket, 'images') : undefined
    for (const item of images?.items() ?? []) {
      const target = item.kind === 'bucket' ? boltBucket(item.bucket, 'target') : undefined
      if (target === undefined) continue
      const named = namedTarget(boltText(item.key), target)
      const identity = `${named.name} ${named.descriptor.digest}`
      if (!seen.has(identity)) yield named
      seen.add(identity)
    }
  }
}

function namedTarget(name: string, target: BoltBucket): NamedTarget {
  const reference = isDangling(name) ? undefined : parseReference(name)
  const annotations =
    reference?.tag === undefined || reference.digest !== undefined
      ? undefined
      : new Map([['io.containerd.image.name', name]])
  const descriptor = {
    mediaType: boltText(valueOf(target, 'mediatype')),
    digest: boltText(valueOf(target, 'digest')),
    size: signedVarint(valueOf(target, 'size')),
    ...(annotations && { annotations }),
  }
  return { name, descriptor }
}

// containerd keeps an image that lost its name under one that docker made for it.
function isDangling(name: string): boolean {
  return name.startsWith('moby-dangling@')
}

function valueOf(bucket: BoltBucket, key: string): Uint8Array {
  const item = boltItem(bucket, key)
  return item?.kind === 'value' ? item.value : new Uint8Array(0)
}

/** Go's encoding/binary.Varint: seven bits a byte, lowest first, the sign in the lowest bit. */
function signedVarint(bytes: Uint8Array): number {
  let value = 0n
  for (const [at, byte] of bytes.subarray(0, 10).entries()) value |= BigInt(byte & 0x7f) << BigInt(7 * at)
  return Number((value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n)
}
