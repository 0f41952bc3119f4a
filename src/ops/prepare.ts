import type { Compression } from '../bytes/compression.js'
import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, HINTS } from '../errors.js'
import { byBytes } from '../model/go-json.js'
import type { Image, Layer } from '../model/image.js'
import type { OutgoingImage, OutgoingLayer } from '../model/outgoing.js'
import { repoDigestAnnotations } from '../model/repo-digests.js'
import type { Measurement } from '../tar/measurement.js'
import { eachOnce, type ChoiceSettings } from './each-once.js'
import { claimedDigest, keptLayers, manifestStays, type LayerTarget } from './kept-layers.js'
import { measureLayers } from './measure.js'
import { outgoingLayers, type MeasuredLayer } from './outgoing-layers.js'
import { placeLayers } from './place-layers.js'
import { stageLayer } from './stage-layer.js'

/** How layers are to be stored. */
export interface PrepareOptions extends ChoiceSettings, LayerTarget {}

/**
 * Everything that a writer must know of images, layers proved: those that are copied as they are measured on all threads,
 * the others made and staged once. One image comes once, with all its names; sorted by first name, then imageID.
 * Errors: ERR_DIGEST where a layer is not what its archive claims, ERR_NOT_FOUND for a lost config or layer,
 * ERR_COMPRESSION, ERR_DOCUMENT where config and layers do not fit, ERR_UNSUPPORTED for zstd on an old Node.
 */
export async function prepareImages(
  images: readonly Image[],
  options: PrepareOptions,
  context: RunContext,
): Promise<readonly OutgoingImage[]> {
  const ordered = await eachOnce(images, options, context)
  const layers = ordered.flatMap((image) => image.layers)
  const kept = await keptLayers(layers, options, context)
  const measured = new Map<Layer | ByteSource, MeasuredLayer>()
  const trusted = options.trust === true ? trustedLayers(kept) : new Map<Layer, MeasuredLayer>()
  const toMeasure = [...kept.keys()].filter((layer) => !trusted.has(layer))
  const measurements = await measureLayers(toMeasure, [], context)
  // What is copied as it is comes first: then nothing is staged that is there anyway.
  for (const layer of kept.keys()) {
    const measurement = measurements.of(layer)
    const own = trusted.get(layer) ?? (measurement && { ...proofOf(measurement), content: sourceOf(layer) })
    if (own !== undefined) measured.set(layer.blob ?? layer, own)
  }
  const known = new Set([...measured.values()].map(({ measurement }) => measurement.diffID))
  const isPlain = options.compress === 'keep' || options.compress.kind === 'none'
  const left = layers.filter((layer) => !measured.has(layer.blob ?? layer) && !known.has(layer.claims.diffID))
  const placed = isPlain ? await placeLayers(left, options.staging, context) : undefined
  for (const layer of layers) {
    const key = layer.blob ?? layer
    if (measured.has(key)) continue
    const own = layer.claims.diffID === undefined ? undefined : placed?.get(layer.claims.diffID)
    measured.set(key, own ?? (await stagedOnce(await stageLayer(layer, options, context), measured, options)))
  }
  return ordered.map((image) => outgoing(image, (layer) => measured.get(layer.blob ?? layer)))
}

function proofOf(measurement: Measurement): Pick<MeasuredLayer, 'measurement' | 'notices'> {
  return { measurement, notices: measurement.notices }
}

/** A layer that was staged just now, unless the same bytes are in the output or will be. */
async function stagedOnce(
  layer: MeasuredLayer,
  others: ReadonlyMap<unknown, MeasuredLayer>,
  { staging }: PrepareOptions,
): Promise<MeasuredLayer> {
  const same = [...others.values()].find(({ measurement }) => measurement.digest === layer.measurement.digest)
  if (same === undefined || layer.content.kind !== 'staged') return layer
  await staging.discard(layer.content.staged)
  return { ...layer, content: same.content }
}

function sourceOf({ blob, path }: Layer): OutgoingLayer['content'] {
  if (blob !== undefined) return { kind: 'source', source: blob }
  throw new ArchiveError('ERR_NOT_FOUND', 'the layer is not in the archive', { location: path, hint: HINTS.damaged })
}

/** Kept layers for which the archive claims all that a writer needs. */
function trustedLayers(kept: ReadonlyMap<Layer, Compression>): Map<Layer, MeasuredLayer> {
  const trusted = new Map<Layer, MeasuredLayer>()
  for (const [layer, compression] of kept) {
    const { diffID } = layer.claims
    const digest = claimedDigest(layer, compression)
    if (diffID === undefined || digest === undefined || layer.blob === undefined) continue
    const measurement = { digest, diffID, size: layer.blob.size, compression }
    trusted.set(layer, { measurement, content: sourceOf(layer) })
  }
  return trusted
}

function outgoing(image: Image, of: (layer: Layer) => MeasuredLayer | undefined): OutgoingImage {
  const layers = outgoingLayers(image, of)
  const config = configOf(image, layers)
  if (config === undefined) {
    const location = image.configSource.kind === 'absent' ? image.configSource.path : image.path
    const message = 'the config of an image is lost, and so is what it is'
    throw new ArchiveError('ERR_NOT_FOUND', message, { location, hint: HINTS.damaged })
  }
  const manifest = manifestStays(image, layers) ? image.manifest : undefined
  return {
    names: [...new Set(image.names)].sort(byBytes),
    platform: image.platform,
    config,
    manifest,
    annotations: image.manifest?.value.annotations ?? repoDigestAnnotations(image.repoDigests ?? []),
    // Without the manifest that they were said of they may no longer be true.
    ...(manifest && image.entryAnnotations && { entryAnnotations: image.entryAnnotations }),
    ...(image.targetDigest !== undefined && { targetDigest: image.targetDigest }),
    layers,
  }
}

function configOf({ configSource }: Image, layers: readonly OutgoingLayer[]): OutgoingImage['config'] | undefined {
  if (configSource.kind === 'stored') return configSource.document
  return configSource.kind === 'derived' ? configSource.make(layers.map(({ diffID }) => diffID)) : undefined
}
