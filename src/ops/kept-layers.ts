import { sniffCompression, type Compression } from '../bytes/compression.js'
import type { Digest } from '../bytes/digest.js'
import type { RunContext } from '../context.js'
import type { Image, Layer } from '../model/image.js'
import type { Staging } from '../model/outgoing.js'
import type { LayerCompression } from './stage-layer.js'

/** Which layers stay as they are stored. */
export interface KeepSettings {
  /**
   * `keep`: as they are stored now, where `holds` has that compression, else plain; otherwise all in that compression,
   * those that have it already as they are.
   */
  readonly compress: 'keep' | LayerCompression
  /** Compressions that the target's readers take. */
  readonly holds: ReadonlySet<Compression>
}

/** How and where layers are stored. */
export interface LayerTarget extends KeepSettings {
  readonly staging: Staging
}

/** Whether stored bytes of that compression go over as they are. */
export function isKept(compression: Compression, { compress, holds }: KeepSettings): boolean {
  return compress === 'keep' ? holds.has(compression) : compress.kind === compression
}

/** Layers whose stored bytes go over as they are, with their compression. Errors: ERR_IO, ERR_TRUNCATED, ERR_ABORTED. */
export async function keptLayers(
  layers: readonly Layer[],
  settings: KeepSettings,
  context: RunContext,
): Promise<ReadonlyMap<Layer, Compression>> {
  const kept = new Map<Layer, Compression>()
  for (const layer of layers) {
    if (layer.blob === undefined) continue
    const compression = await sniffCompression(layer.blob, context.signal)
    if (isKept(compression, settings)) kept.set(layer, compression)
  }
  return kept
}

/** What the archive claims that the stored bytes of a layer are; of a plain one the config says it. */
export function claimedDigest({ claims }: Layer, compression: Compression): Digest | undefined {
  return compression === 'none' ? claims.diffID : claims.digest
}

/** What a manifest says of a layer; undefined where that is not known yet. */
export interface StoredAs {
  readonly digest: Digest | undefined
  readonly size: number | undefined
}

/** Whether the manifest of an image is true of its layers as they will be stored. */
export function manifestStays({ manifest, configSource }: Image, layers: readonly StoredAs[]): boolean {
  const own = manifest?.value.layers ?? []
  return (
    configSource.kind === 'stored' &&
    manifest?.value.config?.digest === configSource.document.digest &&
    own.length === layers.length &&
    layers.every(({ digest, size }, at) => own[at]?.digest === digest && own[at]?.size === size)
  )
}
