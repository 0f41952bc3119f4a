import type { Image, Layer } from '../../model/image.js'
import { familiarName, parseReference } from '../../model/reference.js'
import { readingOf } from '../documents.js'
import { readIndex } from '../oci-layout.js'
import { isDangling, readContainerdNames, type NamedTarget } from './containerd-names.js'
import { unnamedTargets } from './containerd-scan.js'
import { join } from './layout.js'
import type { ContainerdContent, RootReading } from './reading.js'
import { storeFiles } from './store-files.js'
import type { Store } from './store.js'

const CONTENT = 'io.containerd.content.v1.content'
const METADATA = 'io.containerd.metadata.v1.bolt/meta.db'

/** Whether a folder is the root of a containerd: of its own, or that which a docker daemon starts for itself. */
export function isContainerdRoot(store: Store, key: string): boolean {
  return store.typeOf(join(key, METADATA)) === 'file' || store.typeOf(join(key, `${CONTENT}/blobs`)) === 'directory'
}

/**
 * The images of a containerd's store, by the names that its meta.db has for them; where that is damaged every manifest
 * that no other one leads to is an image as well, without a name. Read once; the files stay open until the data-root is
 * closed.
 */
export function readContainerd(reading: RootReading, home: string): Promise<ContainerdContent> {
  const content = reading.contents.get(home) ?? readContent(reading, home)
  reading.contents.set(home, content)
  return content
}

async function readContent(reading: RootReading, home: string): Promise<ContainerdContent> {
  const { store, log, context } = reading
  const path = join(home, METADATA)
  const files = storeFiles(store, join(home, CONTENT))
  const documents = readingOf(files, log, context)
  reading.closing.push(async () => files[Symbol.asyncDispose]())
  const { targets, isWhole } = readContainerdNames(reading, path)
  const named = targets.map(({ descriptor }) => descriptor)
  const known = named.map(({ digest }) => digest)
  const unnamed = isWhole ? [] : await unnamedTargets(documents, known)
  if (unnamed.length > 0) {
    log.add('STORE_NAMES', `the names of ${unnamed.length} images are lost: they go by their digests`, { path })
  }
  const manifests = [...named, ...unnamed]
  if (manifests.length === 0) return { images: [], loose: [], companions: [] }
  const found = await readIndex(documents, { manifests }, path)
  const images = found.images.map((image) => withRepoDigests(withSharedLayers(reading, home, image), targets))
  return { ...found, images }
}

/** One object for a layer of several images, so that it is measured once. */
function withSharedLayers({ layers }: RootReading, home: string, image: Image): Image {
  const shared = (layer: Layer): Layer => {
    const { diffID, digest, mediaType, size } = layer.claims
    const key = JSON.stringify([home, layer.index, layer.path, diffID, digest, mediaType, size])
    const known = layers.get(key) ?? layer
    layers.set(key, known)
    return known
  }
  return { ...image, layers: image.layers.map(shared) }
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
