import { hexOf } from '../../bytes/digest.js'
import type { ImageConfig } from '../../model/config.js'
import type { ImageArchive } from '../../model/image.js'
import type { RawJson } from '../../model/json.js'
import type { ImageManifest } from '../../model/manifest.js'
import { roleOf } from '../../model/media-types.js'
import { familiarTagged, parseReference } from '../../model/reference.js'
import { hashNamed, type Documents } from './documents.js'
import {
  configFinder,
  imagesByConfig,
  namesByManifest,
  type ConfigFinder,
  type ConfigSharers,
} from './known-documents.js'

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
  const configs = configFinder(documents)
  const others = imagesByConfig(sources)
  const names = namesByManifest(documents)
  const found = [
    ...documents.items.map(({ Config, RepoTags = [], Layers }) =>
      wanted({ names: RepoTags.map(familiarTagged), claim: hashNamed(Config), path: Config, paths: Layers }),
    ),
    ...documents.manifests
      .filter(({ document }) => isImage(document.value))
      .map(({ document }) => {
        const { config, layers = [] } = document.value
        const paths = layers.map(({ digest }) => digest.replace(':', '/')).map((path) => `blobs/${path}`)
        const claim = hexOf(config?.digest ?? '')
        return wanted({ names: names.get(document.digest) ?? [], claim, path: undefined, paths, manifest: document })
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
  return withoutDoubles(images.map((image) => ({ ...image, names: namesFor(image, others) })))

  function wanted(said: Said): WantedImage {
    const config = configFor(said, configs, others)
    const claimedID = said.claim ?? (config === undefined ? undefined : hexOf(config.document.digest))
    const manifest = said.manifest ?? manifestFor(config, others)
    return { names: said.names, claimedID, config, manifest, paths: said.paths }
  }
}

/** The manifest that another archive has for the image of a config: a store of containerd knows the image by its digest. */
function manifestFor(
  config: WantedImage['config'],
  others: ReadonlyMap<string, ConfigSharers>,
): RawJson<ImageManifest> | undefined {
  if (config === undefined) return undefined
  return others.get(hexOf(config.document.digest))?.manifest
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
  configs: ConfigFinder,
  others: ReadonlyMap<string, ConfigSharers>,
): WantedImage['config'] {
  const own = claim === undefined ? configs.byPath(path ?? '') : configs.byHash(claim)
  if (own !== undefined) return { document: own.document, origin: { kind: 'own', path: own.member.path } }
  const healed = claim === undefined ? undefined : others.get(claim)
  return healed && { document: healed.document, origin: { kind: 'healed', archive: healed.archive } }
}

function merged(found: readonly WantedImage[]): WantedImage[] {
  const byID = new Map<string, { image: WantedImage; readonly names: Set<string> }>()
  for (const [index, image] of found.entries()) {
    const key = image.claimedID ?? String(index)
    const known = byID.get(key)
    if (known === undefined) {
      byID.set(key, { image, names: new Set(image.names) })
      continue
    }
    for (const name of image.names) known.names.add(name)
    if (image.manifest !== undefined) known.image = { ...known.image, manifest: image.manifest }
  }
  return [...byID.values()].map(({ image, names }) => ({ ...image, names: [...names] }))
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
function namesFor({ names, config }: WantedImage, others: ReadonlyMap<string, ConfigSharers>): readonly string[] {
  if (names.length > 0 || config === undefined) return names
  const sharers = others.get(hexOf(config.document.digest))?.images ?? []
  return [...new Set(sharers.flatMap((image) => image.names))]
}
