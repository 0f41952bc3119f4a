import type { DiffID, Digest } from '../bytes/digest.js'
import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import type { Measurement } from '../tar/measurement.js'
import type { SplitAssembly } from '../tar/split-assembly.js'
import type { Companion } from './companion.js'
import type { ImageConfig } from './config.js'
import type { RawJson } from './json.js'
import type { ImageManifest } from './manifest.js'
import type { Platform } from './platform.js'

/** What an archive says of a layer; only a measurement proves it. */
export interface LayerClaims {
  /** From config.rootfs.diff_ids. */
  readonly diffID?: DiffID
  /** From a descriptor: digest and size of the bytes as stored. */
  readonly digest?: Digest
  readonly size?: number
  readonly mediaType?: string
  /** Bytes of the layer's files as docker counts them, from the daemon's own store. */
  readonly contentSize?: number
  /** Hex of a sha256 that the file name shows: of the stored bytes or of the uncompressed ones. */
  readonly name?: string
}

/** Where the bytes of a layer come from: stored as a blob, put together on demand, or absent. */
export type LayerState = 'stored' | 'assembled' | 'missing'

/** One layer of an image. Everything in it but `measurement` is a claim of the archive. */
export interface Layer {
  /** Base = 0. */
  readonly index: number
  readonly state: LayerState
  /** The member that holds it, or the place it was looked for. */
  readonly path: string
  readonly claims: LayerClaims
  /** As stored; a cold data-root or a flattened image has none. */
  readonly blob: ByteSource | undefined
  /** How a layer without blob is put together, where that can be told to a worker. */
  readonly assembly?: SplitAssembly
  /** Where the stored bytes begin in the archive, where that can be said. */
  readonly offset?: number
  /** Made while the archive passed by on a pipe. */
  readonly measurement?: Measurement
  /** Made anew of files, since nobody kept the bytes that the layer once had. */
  readonly isRebuilt?: true
  /** Made of a merged tree, by the writer of tars: whole, and in need of no look at its entries. */
  readonly isOwn?: true
  /** What a container wrote in a user namespace: its owners had other ids on the host. */
  readonly hasShiftedOwners?: true
  /** The layer is the archive itself, so that how its tar ends is told of the archive. */
  readonly isWhole?: boolean
  /** The uncompressed tar, byte for byte. Errors: ERR_NOT_FOUND when missing, ERR_COMPRESSION, ERR_NOT_SEEKABLE. */
  tar(context: RunContext): AsyncIterable<Uint8Array>
}

/**
 * Where the config comes from: `stored` bytes, whose sha256 is the imageID; `derived` where the format has none (v1
 * archives, root filesystems), so that it can be made only when the diffIDs are known; `absent` where the archive lost
 * it or it cannot be read, which is a finding.
 */
export type ConfigSource =
  | {
      readonly kind: 'stored'
      readonly document: RawJson<ImageConfig>
      readonly path: string
      readonly offset?: number
    }
  | { readonly kind: 'derived'; readonly make: (diffIDs: readonly DiffID[]) => RawJson<ImageConfig> }
  | { readonly kind: 'absent'; readonly path: string }

/** One image. */
export interface Image {
  /** As docker prints them: `name:tag`. */
  readonly names: readonly string[]
  /** Names with the digest that a registry knows the image by: `name@sha256:…`. */
  readonly repoDigests?: readonly string[]
  readonly platform: Platform
  /** The config's content; for a derived config without rootfs.diff_ids. */
  readonly config: ImageConfig
  readonly configSource: ConfigSource
  /** The OCI or schema2 manifest, where there is one. */
  readonly manifest: RawJson<ImageManifest> | undefined
  /** What index.json says of the manifest beside its names; below an index that is said of the index. */
  readonly entryAnnotations?: ReadonlyMap<string, string>
  /** Base first. */
  readonly layers: readonly Layer[]
  /** Attestations and the like that refer to this image, by digest; never applied. */
  readonly attachments: readonly Digest[]
  /** ID in docker's containerd store: digest of the index or manifest that a name points at. */
  readonly targetDigest?: Digest
  /** ID by which a docker up to 1.9 has it in its own store: no digest of anything. */
  readonly v1ID?: string
  /** Where this image is described, for findings: `manifest.json`, `blobs/sha256/…`. */
  readonly path: string
}

/** What a format made of an archive. Dispose of it when done. */
export interface ImageArchive extends AsyncDisposable {
  /** As the user named it. */
  readonly location: string
  /** `docker-save`, `docker-v1`, `oci-layout`, `hybrid`, `rootfs` … */
  readonly format: string
  readonly images: readonly Image[]
  /** Oddities met while reading. */
  readonly findings: readonly Finding[]
  /** Blobs that are claimed to have a digest by their place though no image uses them: they are proved as well. */
  readonly loose: readonly LooseBlob[]
  /** Of an OCI layout: indexes and manifests about images, in the order of index.json. */
  readonly companions?: readonly Companion[]
  /** Of an OCI layout: what its index.json says of itself. */
  readonly indexAnnotations?: IndexAnnotations
  /** It came down a pipe that has been read: contents of layers are gone, and nobody can open it again. */
  readonly passed?: boolean
}

/** What the index.json of a layout says of itself, and so of just these images together. */
export interface IndexAnnotations {
  readonly annotations: ReadonlyMap<string, string>
  /** The manifests of all images that it leads to. */
  readonly about: readonly Digest[]
}

/** A blob outside any image. */
export interface LooseBlob {
  readonly path: string
  /** Claimed by its path or descriptor. */
  readonly digest: Digest
  /** Claimed by its descriptor. */
  readonly size?: number
  readonly blob: ByteSource
  readonly offset?: number
  readonly measurement?: Measurement
  /** Whether any document refers to it. */
  readonly referred: boolean
}
