import type { Digest } from '../bytes/digest.js'
import type { ByteSource } from '../bytes/source.js'

/** A blob that is carried as it is. */
export interface CarriedBlob {
  readonly digest: Digest
  /** As its descriptor claims it. */
  readonly size: number
  readonly source: ByteSource
}

/**
 * What an OCI layout has above its images or beside them: an index that index.json leads to, or a manifest there that is
 * about another one (a signature, an attestation). A registry knows images by the digest of the index, so it goes from
 * layout to layout byte for byte or not at all.
 */
export interface Companion {
  readonly kind: 'index' | 'referrer'
  readonly digest: Digest
  readonly mediaType: string
  readonly size: number
  /** Names that lead to it, as docker prints them. */
  readonly names: readonly string[]
  /** What index.json says of it beside its names. */
  readonly annotations: ReadonlyMap<string, string>
  /** Below an index: the manifests of images that the archive has. Of a referrer: the manifest or index it is about. */
  readonly about: readonly Digest[]
  /** Its own document and what it leads to, but for what images have; undefined where some of that is not there. */
  readonly blobs: readonly CarriedBlob[] | undefined
}

/** A companion as it is written. */
export interface OutgoingCompanion {
  readonly digest: Digest
  readonly mediaType: string
  readonly size: number
  /** Names that lead to it, sorted; one without any is listed without. */
  readonly names: readonly string[]
  /** What index.json is to say of it beside its names. */
  readonly annotations: ReadonlyMap<string, string>
  /** Manifests of images that it leads to. */
  readonly manifests: ReadonlySet<Digest>
  readonly blobs: readonly CarriedBlob[]
}

/** Digests under which an archive can name an image: of its manifest, and of what leads to that. */
export function digestsNaming(manifest: Digest, companions: readonly OutgoingCompanion[]): ReadonlySet<Digest> {
  return new Set([manifest, ...companions.filter(({ manifests }) => manifests.has(manifest)).map((one) => one.digest)])
}
