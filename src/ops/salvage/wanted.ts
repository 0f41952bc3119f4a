import { hexOf } from '../../bytes/digest.js'
import type { ImageConfig } from '../../model/config.js'
import type { Image, ImageArchive } from '../../model/image.js'
import type { RawJson } from '../../model/json.js'
import type { ImageManifest } from '../../model/manifest.js'
import { roleOf } from '../../model/media-types.js'
import { familiarTagged, parseReference } from '../../model/reference.js'
import { hashNamed, type Documents } from './documents.js'

/** Where something that an image needs was found. */
export type Origin =
  | { readonly kind: 'own'; readonly path: string }
  /** In an archive that was given to heal from. */
  | { readonly kind: 'healed'; readonly archive: string }

/** What an archive says of one of its images, as far as its documents are still there. */
export interface WantedImage {
  readonly names: readonly string[]
  /** imageID that is claimed, in hex; undefined where nothing claims one. */
  readonly claimedID: string | undefined
  readonly config: { readonly document: RawJson<ImageConfig>; readonly origin: Origin } | undefined
  readonly manifest: RawJson<ImageManifest> | undefined
  /** Members that hold the layers, by what the documents say, base first. */
  readonly paths: readonly string[]
}

/** Finds out which images an archive held; one that several documents speak of comes once, with all its names. */
export function wantedImages(documents: Documents, sources: readonly ImageArchive[]): readonly WantedImage[] {
  const found = [
    ...documents.items.map(({ Config, RepoTags = [], Layers }) =>
      wanted({ names: RepoTags.map(familiarTagged), claim: hashNamed(Config), path: Config, paths: Layers }),
    ),
    ...documents.manifests
      .filter(({ document }) => isImage(document.value))
      .map(({ document }) => {
        const { config, layers = [] } = document.value
        const paths = layers.map(({ digest }) => digest.replace(':', '/')).map((path) => `blobs/${path}`)
        const names = namesOf(document, documents)
        return wanted({ names, claim: hexOf(config?.digest ?? ''), path: undefined, paths, manifest: document })
      }),
  ]
  const images = merged(found)
  const known = new Set(images.map(({ config }) => config?.document.digest))
  for (const { document, member } of documents.configs) {
    const named = hashNamed(member.path)
    const isAttestation = document.value.os === 'unknown' && document.value.architecture === 'unknown'
    if (isAttestation || known.has(document.digest) || (named !== undefined && named !== hexOf(document.digest)))
      continue
    known.add(document.digest)
    images.push(wanted({ names: [], claim: hexOf(document.digest), path: undefined, paths: [] }))
  }
  return withoutDoubles(images.map((image) => ({ ...image, names: namesFor(image, sources) })))

  function wanted(said: Said): WantedImage {
    const config = configFor(said, documents, sources)
    const claimedID = said.claim ?? (config === undefined ? undefined : hexOf(config.document.digest))
    const manifest = said.manifest ?? manifestFor(config, sources)
    return { names: said.names, claimedID, config, manifest, paths: said.paths }
  }
}

/** The manifest that another archive has for the image of a config: a store of containerd knows the image by its digest. */
function manifestFor(
  config: WantedImage['config'],
  sources: readonly ImageArchive[],
): RawJson<ImageManifest> | undefined {
  if (config === undefined) return undefined
  const own = ({ configSource, manifest }: Image) =>
    configSource.kind === 'stored' && configSource.document.digest === config.document.digest ? manifest : undefined
  return sources.flatMap(({ images }) => images).find((image) => own(image) !== undefined)?.manifest
}

/** Whether a manifest has layers that are layers, and no attestations or other documents. */
function isImage({ config, layers = [], subject }: ImageManifest): boolean {
  const isConfig = roleOf(config?.mediaType ?? '') === 'config'
  return isConfig && subject === undefined && !layers.some(({ mediaType }) => roleOf(mediaType) === 'attestation')
}

interface Said {
  readonly names: readonly string[]
  readonly claim: string | undefined
  readonly path: string | undefined
  readonly paths: readonly string[]
  readonly manifest?: RawJson<ImageManifest>
}

/** The config whose sha256 is claimed: the archive's own, or that of another archive; by its name where nothing is claimed. */
function configFor(
  { claim, path }: Said,
  { configs }: Documents,
  sources: readonly ImageArchive[],
): WantedImage['config'] {
  const own = configs.find(({ document, member }) => {
    return claim === undefined ? member.path === path : hexOf(document.digest) === claim
  })
  if (own !== undefined) return { document: own.document, origin: { kind: 'own', path: own.member.path } }
  for (const { images, location } of sources) {
    for (const { configSource } of images) {
      if (configSource.kind !== 'stored' || hexOf(configSource.document.digest) !== claim) continue
      return { document: configSource.document, origin: { kind: 'healed', archive: location } }
    }
  }
  return undefined
}

/** The names that the index has for a manifest (docker and containerd, annotation of the image's name). */
function namesOf(manifest: RawJson<ImageManifest>, { indexes }: Documents): string[] {
  return indexes.flatMap(({ document }) =>
    (document.value.manifests ?? []).flatMap(({ digest, annotations }) => {
      const name = annotations?.get('io.containerd.image.name')
      return digest === manifest.digest && name !== undefined ? [familiarTagged(name)] : []
    }),
  )
}

function merged(found: readonly WantedImage[]): WantedImage[] {
  const byID = new Map<string, WantedImage>()
  for (const [index, image] of found.entries()) {
    const key = image.claimedID ?? String(index)
    const known = byID.get(key)
    const names = [...new Set([...(known?.names ?? []), ...image.names])]
    const manifest = image.manifest ?? known?.manifest
    byID.set(key, { ...(known ?? image), names, manifest })
  }
  return [...byID.values()]
}

/** Names that a writer takes: with a tag, and of one image only. The last one has it, as when docker loads them. */
function withoutDoubles(images: readonly WantedImage[]): readonly WantedImage[] {
  const owners = new Map<string, WantedImage>()
  for (const image of images) for (const name of image.names) owners.set(name, image)
  return images.map((image) => {
    return { ...image, names: tagged(image.names).filter((name) => owners.get(name) === image) }
  })
}

/** Of names those with a tag: the bare ones of an OCI layout are of no use where an image is loaded. */
export function tagged(names: readonly string[]): readonly string[] {
  return names.filter((name) => parseReference(name)?.tag !== undefined)
}

/** Where the document with the names is lost, another archive may know them. */
function namesFor({ names, config }: WantedImage, sources: readonly ImageArchive[]): readonly string[] {
  if (names.length > 0 || config === undefined) return names
  const others = sources
    .flatMap(({ images }) => images)
    .filter(({ configSource }) => {
      return configSource.kind === 'stored' && configSource.document.digest === config.document.digest
    })
  return [...new Set(others.flatMap((image) => image.names))]
}
