import type { DiffID } from '../bytes/digest.js'
import type { RunContext } from '../context.js'
import { ArchiveError, HINTS } from '../errors.js'
import type { HistoryEntry, ImageConfig } from '../model/config.js'
import type { Image, Layer } from '../model/image.js'
import type { RawJson } from '../model/json.js'
import { relayered, type Relayering } from '../model/layered-config.js'
import { stepsOf } from './history-steps.js'
import { identify } from './identity.js'
import { measureLayers, UNMEASURED } from './measure.js'
import { refuseOtherCount } from './outgoing-layers.js'

/** An image with everything that is needed to give it other layers. */
export interface KnownImage {
  readonly image: Image
  readonly config: RawJson<ImageConfig>
  /** Of each layer, base first. */
  readonly diffIDs: readonly DiffID[]
  /** With as many steps that make a layer as there are layers: steps that nobody wrote down say nothing. */
  readonly history: readonly HistoryEntry[]
}

/**
 * Learns config and diffIDs of an image: from its claims where there are some, else by measuring. Errors: ERR_NOT_FOUND
 * for a lost config or layer, ERR_DOCUMENT where config and layers do not fit.
 */
export async function knownImage(image: Image, context: RunContext): Promise<KnownImage> {
  refuseOtherCount(image)
  const unclaimed = image.layers.filter(({ claims }) => claims.diffID === undefined)
  const measurements = unclaimed.length === 0 ? UNMEASURED : await measureLayers(unclaimed, [], context)
  const { config, diffIDs } = identify(image, measurements)
  const known = diffIDs.flatMap((diffID) => diffID ?? [])
  if (config === undefined || known.length < image.layers.length) {
    const what = config === undefined ? 'its config is lost' : 'a layer is lost and has no diffID'
    throw new ArchiveError('ERR_NOT_FOUND', `the image cannot be changed: ${what}`, {
      location: image.path,
      hint: HINTS.damaged,
    })
  }
  const whole = { ...image, config: config.value }
  return { image, config, diffIDs: known, history: completeHistory(whole) }
}

function completeHistory(image: Image): readonly HistoryEntry[] {
  const steps = stepsOf(image)
  const made = steps.filter(({ layer }) => layer !== undefined).length
  const written = steps.map(({ step, layer }) => (layer === undefined ? { ...step, empty_layer: true } : step))
  return [...written, ...Array.from({ length: image.layers.length - made }, () => ({}))]
}

/** The image with other layers; its config, and so its imageID, follow when the diffIDs of all layers are known. */
export function withLayers(
  { image, config }: KnownImage,
  layers: readonly Layer[],
  change: Omit<Relayering, 'diffIDs'>,
): Image {
  const draft = relayered(config, { ...change, diffIDs: [] })
  return {
    ...image,
    config: { ...draft.value, rootfs: { type: 'layers' } },
    configSource: { kind: 'derived', make: (diffIDs) => relayered(config, { ...change, diffIDs }) },
    manifest: undefined,
    layers: layers.map((layer, index) => ({ ...layer, index })),
    ...(change.platform !== undefined && { platform: change.platform }),
  }
}

/** The layer with another tar, of which nothing is known yet. */
export function changedLayer({ index, path }: Layer, tar: Layer['tar']): Layer {
  return { index, state: 'assembled', path, claims: {}, blob: undefined, tar }
}
