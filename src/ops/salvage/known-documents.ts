import { hexOf } from '../../bytes/digest.js'
import type { ImageConfig } from '../../model/config.js'
import type { Image, ImageArchive } from '../../model/image.js'
import type { RawJson } from '../../model/json.js'
import type { ImageManifest } from '../../model/manifest.js'
import { familiarTagged } from '../../model/reference.js'
import type { Documents, FoundDocument } from './documents.js'
import { firstBy } from './first-by.js'

/** The images of other archives that have one config. */
export interface ConfigSharers {
  readonly document: RawJson<ImageConfig>
  /** The first archive that has it. */
  readonly archive: string
  readonly images: readonly Image[]
  /** The first manifest that one of them has. */
  readonly manifest: RawJson<ImageManifest> | undefined
}

/** Images of other archives by the hex of their config's sha256, in the order of the archives. */
export function imagesByConfig(sources: readonly ImageArchive[]): ReadonlyMap<string, ConfigSharers> {
  const known = new Map<string, ConfigSharers & { readonly images: Image[]; manifest: ConfigSharers['manifest'] }>()
  for (const { images, location } of sources) {
    for (const image of images) {
      if (image.configSource.kind !== 'stored') continue
      const { document } = image.configSource
      const hex = hexOf(document.digest)
      const sharers = known.get(hex) ?? { document, archive: location, images: [], manifest: undefined }
      sharers.images.push(image)
      sharers.manifest ??= image.manifest
      known.set(hex, sharers)
    }
  }
  return known
}

/** Finds configs by the hex of their sha256, or by the member that they lie in. */
export interface ConfigFinder {
  byHash(hex: string): FoundDocument<ImageConfig> | undefined
  byPath(path: string): FoundDocument<ImageConfig> | undefined
}

/** Configs by what they are found by; of several the first. */
export function configFinder({ configs }: Documents): ConfigFinder {
  const byHash = firstBy(configs, ({ document }) => hexOf(document.digest))
  const byPath = firstBy(configs, ({ member }) => member.path)
  return { byHash: (hex) => byHash.get(hex), byPath: (path) => byPath.get(path) }
}

/** The names that the indexes have for manifests, by their digests (docker and containerd, annotation of the image's name). */
export function namesByManifest({ indexes }: Documents): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, string[]>()
  for (const { document } of indexes) {
    for (const { digest, annotations } of document.value.manifests ?? []) {
      const name = annotations?.get('io.containerd.image.name')
      if (name === undefined) continue
      const names = known.get(digest)
      if (names === undefined) known.set(digest, [familiarTagged(name)])
      else names.push(familiarTagged(name))
    }
  }
  return known
}
