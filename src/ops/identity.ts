import type { ChainID, DiffID, Digest } from '../bytes/digest.js'
import { asDiffID } from '../bytes/digest.js'
import { chainIDs } from '../model/chain-id.js'
import type { ImageConfig } from '../model/config.js'
import type { Image, Layer } from '../model/image.js'
import type { RawJson } from '../model/json.js'

/** Who an image is: claimed where the archive says it, measured where it cannot. */
export interface Identity {
  /** sha256 of the config bytes; undefined where the config is lost or cannot be made yet. */
  readonly imageID: Digest | undefined
  readonly config: RawJson<ImageConfig> | undefined
  /** Of each layer, base first: measured, else claimed; undefined where neither is there. */
  readonly diffIDs: readonly (DiffID | undefined)[]
  /** Up to the first layer without diffID. */
  readonly chainIDs: readonly ChainID[]
}

/** The diffIDs that were measured. */
export interface MeasuredDiffIDs {
  of(layer: Layer): { readonly diffID?: DiffID } | undefined
}

/** The identity of an image, from its claims and from what was measured. */
export function identify(image: Image, measurements: MeasuredDiffIDs): Identity {
  const diffIDs = image.layers.map((layer) => measurements.of(layer)?.diffID ?? layer.claims.diffID)
  const known = knownPrefix(diffIDs)
  const config = configOf(image, known.length === diffIDs.length ? known : undefined)
  return { imageID: config?.digest, config, diffIDs, chainIDs: chainIDs(known) }
}

function configOf({ configSource }: Image, diffIDs: readonly DiffID[] | undefined): RawJson<ImageConfig> | undefined {
  switch (configSource.kind) {
    case 'stored':
      return configSource.document
    case 'derived':
      return diffIDs === undefined ? undefined : configSource.make(diffIDs)
    case 'absent':
      return undefined
  }
}

function knownPrefix(diffIDs: readonly (DiffID | undefined)[]): readonly DiffID[] {
  const known: DiffID[] = []
  for (const diffID of diffIDs) {
    if (diffID === undefined) break
    known.push(diffID)
  }
  return known
}

/** The diffIDs that the config claims, as text; what is no sha256 digest is kept for the finding about it. */
export function claimedDiffIDs(image: Image): readonly string[] {
  return image.config.rootfs?.diff_ids ?? []
}

/** Whether a text could be a diffID at all. */
export function isDiffID(text: string): boolean {
  return asDiffID(text) !== undefined
}
