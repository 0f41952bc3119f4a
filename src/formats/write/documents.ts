import { digestOf, type Digest } from '../../bytes/digest.js'
import type { Compression } from '../../bytes/compression.js'
import { ArchiveError } from '../../errors.js'
import { byBytes, goObject, goList, goString } from '../../model/go-json.js'
import { MEDIA_TYPES } from '../../model/media-types.js'
import { isTagged } from '../../model/names.js'
import type { OutgoingImage, OutgoingLayer } from '../../model/outgoing.js'
import { familiarName, parseReference } from '../../model/reference.js'

const encoder = new TextEncoder()

/** A document with what descriptors say of it. */
export interface BlobDocument {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly mediaType: string
}

/** The oci-layout file. */
export const OCI_LAYOUT = encoder.encode('{"imageLayoutVersion":"1.0.0"}')

/** A document of its text. */
export function document(json: string, mediaType: string): BlobDocument {
  const bytes = encoder.encode(json)
  return { bytes, digest: digestOf(bytes), mediaType }
}

// OCI image spec, media-types.md; what is neither has no name there.
function layerMediaType(compression: Compression): string {
  switch (compression) {
    case 'none':
      return MEDIA_TYPES.ociLayer
    case 'gzip':
    case 'zstd':
      return `${MEDIA_TYPES.ociLayer}+${compression}`
    case 'xz':
    case 'bzip2':
      throw new ArchiveError('ERR_UNSUPPORTED', `no media type says that a layer is compressed with ${compression}`)
  }
}

/** The members of a descriptor, for goObject. */
export function descriptor(mediaType: string, digest: Digest, size: number): [string, string][] {
  return [
    ['mediaType', goString(mediaType)],
    ['digest', goString(digest)],
    ['size', String(size)],
  ]
}

function layerDescriptor({ compression, digest, size }: OutgoingLayer): string {
  return goObject(descriptor(layerMediaType(compression), digest, size))
}

/** The member with annotations, for goObject; none where there are none. */
export function annotations(of: Iterable<readonly [string, string]>): [string, string][] {
  const sorted = [...of].sort(([a], [b]) => byBytes(a, b))
  return sorted.length === 0 ? [] : [['annotations', goObject(sorted.map(([key, text]) => [key, goString(text)]))]]
}

/** The manifest of an image: its own where that is still true, else one made anew. */
export function manifestOf(image: OutgoingImage): BlobDocument {
  const { manifest, config, layers } = image
  if (manifest !== undefined) {
    const { bytes, digest, value } = manifest
    return { bytes, digest, mediaType: value.mediaType ?? MEDIA_TYPES.ociManifest }
  }
  const json = goObject([
    ['schemaVersion', '2'],
    ['mediaType', goString(MEDIA_TYPES.ociManifest)],
    ['config', goObject(descriptor(MEDIA_TYPES.ociConfig, config.digest, config.bytes.length))],
    ['layers', `[${layers.map(layerDescriptor).join(',')}]`],
    ...annotations(image.annotations),
  ])
  return document(json, MEDIA_TYPES.ociManifest)
}

/** The names of an image that docker takes: those with a tag. */
export function dockerNames({ names }: OutgoingImage): readonly string[] {
  return names.filter(isTagged)
}

/** One image of manifest.json. */
export interface SavedImage {
  readonly image: OutgoingImage
  readonly config: string
  readonly layers: readonly string[]
  /** Whether LayerSources says what each layer is, as docker does since 25. */
  readonly sources: boolean
}

/** manifest.json. */
export function saveManifestOf(items: readonly SavedImage[]): Uint8Array {
  const texts = items.map(({ image, config, layers, sources }) => {
    const tags = dockerNames(image)
    return goObject([
      ['Config', goString(config)],
      ['RepoTags', goList(tags.length === 0 ? undefined : tags)],
      ['Layers', goList(layers)],
      ...(sources ? [['LayerSources', layerSources(image)] satisfies [string, string]] : []),
    ])
  })
  return encoder.encode(`[${texts.join(',')}]\n`)
}

function layerSources({ layers }: OutgoingImage): string {
  const byDiffID = new Map<string, string>(
    layers.map((layer) => {
      const { compression, size, digest } = layer
      const members: [string, string][] = [
        ['mediaType', goString(layerMediaType(compression))],
        ['size', String(size)],
        ['digest', goString(digest)],
      ]
      return [layer.diffID, goObject(members)]
    }),
  )
  return goObject([...byDiffID].sort(([a], [b]) => byBytes(a, b)))
}

/** The repositories file, where there is a name at all; `idOf` gives what a name is to point at. */
export function repositoriesOf(
  images: readonly OutgoingImage[],
  idOf: (image: OutgoingImage) => string | undefined,
): Uint8Array | undefined {
  const repositories = new Map<string, Map<string, string>>()
  for (const image of images) {
    const id = idOf(image)
    for (const name of id === undefined ? [] : dockerNames(image)) {
      const reference = parseReference(name)
      if (id === undefined || reference?.tag === undefined) continue
      const { registry, repository, tag } = reference
      const familiar = familiarName({ registry, repository })
      repositories.set(familiar, (repositories.get(familiar) ?? new Map<string, string>()).set(tag, id))
    }
  }
  if (repositories.size === 0) return undefined
  const sorted = [...repositories].sort(([a], [b]) => byBytes(a, b))
  const members = sorted.map(([name, tags]): [string, string] => {
    const own = [...tags].sort(([a], [b]) => byBytes(a, b))
    return [name, goObject(own.map(([tag, id]) => [tag, goString(id)]))]
  })
  return encoder.encode(`${goObject(members)}\n`)
}
