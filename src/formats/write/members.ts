import { hexOf } from '../../bytes/digest.js'
import { ArchiveError } from '../../errors.js'
import { blobPath } from '../../model/descriptor.js'
import { formatPlatform } from '../../model/platform.js'
import type { OutgoingImage, OutgoingLayer } from '../../model/outgoing.js'
import type { ArchiveContent } from './content.js'
import { dockerNames, OCI_LAYOUT, repositoriesOf, saveManifestOf } from './documents.js'
import { indexOf } from './index-json.js'
import type { SinkMember } from './sink.js'
import { v1Folders } from './v1-ids.js'

const VERSION = new TextEncoder().encode('1.0')

/** The blobs of images, each once: staged ones first, in the order in which they lie in the output. */
function uniqueLayers(images: readonly OutgoingImage[]): readonly OutgoingLayer[] {
  const unique = [...new Map(images.flatMap(({ layers }) => layers).map((layer) => [layer.digest, layer])).values()]
  const order = ({ content }: OutgoingLayer): number =>
    content.kind === 'staged' ? content.staged.order : Number.MAX_SAFE_INTEGER
  return unique.sort((a, b) => order(a) - order(b))
}

function blob(path: string, { size, content }: Pick<OutgoingLayer, 'size' | 'content'>): SinkMember {
  return { kind: 'blob', path, size, content }
}

function file(path: string, bytes: Uint8Array): SinkMember {
  return { kind: 'document', path, bytes }
}

/** An OCI image layout (OCI image spec, image-layout.md): blobs, then the documents. Errors: ERR_REFERENCE. */
export function* ociMembers(content: ArchiveContent): Generator<SinkMember> {
  const { images, companions = [] } = content
  const index = indexOf(content)
  const layers = uniqueLayers(images)
  for (const layer of layers) yield blob(blobPath(layer.digest), layer)
  const documents = new Map<string, Uint8Array>()
  for (const { config } of images) documents.set(config.digest, config.bytes)
  for (const { digest, bytes } of index.blobs) documents.set(digest, bytes)
  const carried = new Map(companions.flatMap(({ blobs }) => blobs).map((one) => [one.digest, one]))
  for (const { digest } of layers) carried.delete(digest)
  for (const [digest, { size, source }] of carried) {
    if (!documents.has(digest)) yield blob(blobPath(digest), { size, content: { kind: 'source', source } })
  }
  for (const [digest, bytes] of documents) yield file(blobPath(digest), bytes)
  yield file('index.json', index.bytes)
  yield file('oci-layout', OCI_LAYOUT)
}

/** What docker has written since 25: an OCI layout with manifest.json and repositories. Errors: ERR_REFERENCE. */
export function* hybridMembers(content: ArchiveContent): Generator<SinkMember> {
  const { images } = content
  refuseSharedNames(images)
  yield* ociMembers(content)
  yield savedFromBlobs(images)
  const topLayer = ({ layers }: OutgoingImage): string | undefined => {
    const top = layers.at(-1)
    return top === undefined ? undefined : hexOf(top.diffID)
  }
  const repositories = repositoriesOf(images, topLayer)
  if (repositories !== undefined) yield file('repositories', repositories)
}

/**
 * A hybrid with the v1 folders as well, for readers that know only those: each layer.tar is a symlink of one hop to the
 * blob, which every reader of docker archives follows. Errors: ERR_REFERENCE.
 */
export function* universalMembers(content: ArchiveContent): Generator<SinkMember> {
  const { images } = content
  refuseSharedNames(images)
  yield* ociMembers(content)
  yield* v1Members(images, ({ digest }) => `../${blobPath(digest)}`)
  yield savedFromBlobs(images)
  const repositories = repositoriesOf(images, (image) => v1Folders(image).at(-1)?.id)
  if (repositories !== undefined) yield file('repositories', repositories)
}

/** What docker wrote up to 24, and 1.9 reads as well: a folder for each layer. Errors: ERR_REFERENCE. */
export function* classicMembers({ images }: ArchiveContent): Generator<SinkMember> {
  refuseSharedNames(images)
  const homes = new Map<string, string>()
  for (const layer of uniqueLayers(images)) {
    const home = `${homeOf(images, layer)}/layer.tar`
    homes.set(layer.digest, home)
    yield blob(home, layer)
  }
  yield* v1Members(images, ({ digest }, path) => {
    const home = homes.get(digest) ?? ''
    return home === path ? undefined : `../${home}`
  })
  const configs = new Map(images.map(({ config }) => [config.digest, config.bytes]))
  for (const [digest, bytes] of configs) yield file(`${hexOf(digest)}.json`, bytes)
  const items = images.map((image) => ({
    image,
    config: `${hexOf(image.config.digest)}.json`,
    layers: v1Folders(image).map(({ id }) => `${id}/layer.tar`),
    sources: false,
  }))
  yield file('manifest.json', saveManifestOf(items))
  const repositories = repositoriesOf(images, (image) => v1Folders(image).at(-1)?.id)
  if (repositories !== undefined) yield file('repositories', repositories)
}

/** The first folder that holds a layer. */
function homeOf(images: readonly OutgoingImage[], layer: OutgoingLayer): string {
  for (const image of images) {
    const at = image.layers.findIndex(({ digest }) => digest === layer.digest)
    const folder = at < 0 ? undefined : v1Folders(image)[at]
    if (folder !== undefined) return folder.id
  }
  throw new ArchiveError('ERR_OUTPUT', `no image has the layer ${layer.digest}`)
}

/** The folders of all images, each once; `target` says what its layer.tar links to, undefined where it is the layer. */
function* v1Members(
  images: readonly OutgoingImage[],
  target: (layer: OutgoingLayer, path: string) => string | undefined,
): Generator<SinkMember> {
  const written = new Set<string>()
  for (const image of images) {
    for (const [index, { id, json }] of v1Folders(image).entries()) {
      const layer = image.layers[index]
      if (layer === undefined || written.has(id)) continue
      written.add(id)
      yield file(`${id}/VERSION`, VERSION)
      yield file(`${id}/json`, json)
      const path = `${id}/layer.tar`
      const linkPath = target(layer, path)
      if (linkPath !== undefined) yield { kind: 'link', path, linkPath }
    }
  }
}

function savedFromBlobs(images: readonly OutgoingImage[]): SinkMember {
  const items = images.map((image) => ({
    image,
    config: blobPath(image.config.digest),
    layers: image.layers.map(({ digest }) => blobPath(digest)),
    sources: true,
  }))
  return file('manifest.json', saveManifestOf(items))
}

// docker would give the name to the one that it loads last.
function refuseSharedNames(images: readonly OutgoingImage[]): void {
  const owners = new Map<string, OutgoingImage>()
  for (const image of images) {
    for (const name of dockerNames(image)) {
      const owner = owners.get(name)
      if (owner === undefined) owners.set(name, image)
      else {
        const [a, b] = [owner, image].map(({ platform }) => formatPlatform(platform))
        throw new ArchiveError('ERR_REFERENCE', `${name} is two images, and a docker archive can name only one so`, {
          hint:
            a === b
              ? 'pick one, or give one of them another name with imgtar tag'
              : `write oci-archive:, which holds all; or pick one first: imgtar save --platform ${String(a)}`,
        })
      }
    }
  }
}
