import { detectCompression, SNIFF_BYTES, type Compression } from '../bytes/compression.js'
import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import { byBytes } from '../model/go-json.js'
import type { Image, Layer } from '../model/image.js'
import type { OutgoingImage, OutgoingLayer, Staging } from '../model/outgoing.js'
import { repoDigestAnnotations } from '../model/repo-digests.js'
import type { Measurement } from '../tar/measurement.js'
import { measureLayers } from './measure.js'
import { outgoingLayers, type MeasuredLayer } from './outgoing-layers.js'
import { placeLayers } from './place-layers.js'
import { stageLayer, type LayerCompression } from './stage-layer.js'

/** How layers are to be stored. */
export interface PrepareOptions {
  /**
   * `keep`: as they are stored now, where `holds` has that compression, else plain; otherwise all in that compression,
   * those that have it already as they are.
   */
  readonly compress: 'keep' | LayerCompression
  /** Compressions that the target's readers take. */
  readonly holds: ReadonlySet<Compression>
  /** Take the archive's word for digests of layers that are copied as they are, instead of measuring them. */
  readonly trust?: boolean
  readonly staging: Staging
}

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
  const ordered = onceEach([...images].sort(byClaims))
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
  return merged(ordered.map((image) => outgoing(image, (layer) => measured.get(layer.blob ?? layer))))
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

/** Images of one stored config as one image with all names, so that no layer is made for an image that is dropped. */
function onceEach(images: readonly Image[]): readonly Image[] {
  const known = new Map<string | Image, Image>()
  for (const image of images) {
    const key = image.configSource.kind === 'stored' ? image.configSource.document.digest : image
    const first = known.get(key)
    // One that has all its layers is worth more than one that has not.
    const better = first?.layers.every(({ state }) => state !== 'missing') === true ? first : image
    known.set(key, { ...better, names: [...(first?.names ?? []), ...image.names] })
  }
  return [...known.values()]
}

// Only what is known without measuring, so that equal sets of inputs are staged in one order.
function byClaims(a: Image, b: Image): number {
  return byBytes(sortKey(a), sortKey(b))
}

function sortKey({ names, configSource, layers }: Image): string {
  const id = configSource.kind === 'stored' ? configSource.document.digest : ''
  const claims = layers.map(({ claims: { diffID, digest }, blob }) => diffID ?? digest ?? String(blob?.size ?? ''))
  return [[...names].sort(byBytes)[0] ?? '', id, ...claims].join('\0')
}

/** Layers whose stored bytes go over as they are, with their compression. */
async function keptLayers(
  layers: readonly Layer[],
  { compress, holds }: PrepareOptions,
  context: RunContext,
): Promise<ReadonlyMap<Layer, Compression>> {
  const kept = new Map<Layer, Compression>()
  for (const layer of layers) {
    if (layer.blob === undefined) continue
    const head = await layer.blob.read({ offset: 0, length: Math.min(SNIFF_BYTES, layer.blob.size) }, context.signal)
    const compression = detectCompression(head)
    const stays = compress === 'keep' ? holds.has(compression) : compress.kind === compression
    if (stays) kept.set(layer, compression)
  }
  return kept
}

function sourceOf({ blob, path }: Layer): OutgoingLayer['content'] {
  if (blob === undefined) throw new ArchiveError('ERR_NOT_FOUND', 'the layer is not in the archive', { location: path })
  return { kind: 'source', source: blob }
}

/** Kept layers for which the archive claims all that a writer needs. */
function trustedLayers(kept: ReadonlyMap<Layer, Compression>): Map<Layer, MeasuredLayer> {
  const trusted = new Map<Layer, MeasuredLayer>()
  for (const [layer, compression] of kept) {
    const { diffID } = layer.claims
    const digest = compression === 'none' ? diffID : layer.claims.digest
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
    throw new ArchiveError('ERR_NOT_FOUND', 'the config of an image is lost, and so is what it is', { location })
  }
  const manifest = describes(image, layers) ? image.manifest : undefined
  return {
    names: [...new Set(image.names)].sort(byBytes),
    platform: image.platform,
    config,
    manifest,
    annotations: image.manifest?.value.annotations ?? repoDigestAnnotations(image.repoDigests ?? []),
    layers,
  }
}

function configOf({ configSource }: Image, layers: readonly OutgoingLayer[]): OutgoingImage['config'] | undefined {
  if (configSource.kind === 'stored') return configSource.document
  return configSource.kind === 'derived' ? configSource.make(layers.map(({ diffID }) => diffID)) : undefined
}

/** Whether the manifest of an image is true of its layers as they will be stored. */
function describes({ manifest, configSource }: Image, layers: readonly OutgoingLayer[]): boolean {
  const own = manifest?.value.layers ?? []
  return (
    configSource.kind === 'stored' &&
    manifest?.value.config?.digest === configSource.document.digest &&
    own.length === layers.length &&
    layers.every(({ digest, size }, at) => own[at]?.digest === digest && own[at].size === size)
  )
}

function merged(images: readonly OutgoingImage[]): readonly OutgoingImage[] {
  const byID = new Map<string, OutgoingImage>()
  for (const image of images) {
    const known = byID.get(image.config.digest)
    const names = [...new Set([...(known?.names ?? []), ...image.names])].sort(byBytes)
    // Of a v1 archive the ID is known only now; what was staged for it must be written.
    const isStaged = image.layers.some(({ content }) => content.kind === 'staged')
    byID.set(image.config.digest, { ...(known === undefined || isStaged ? image : known), names })
  }
  const key = ({ names, config }: OutgoingImage): string => `${names[0] ?? ''}\0${config.digest}`
  return [...byID.values()].sort((a, b) => byBytes(key(a), key(b)))
}
