import { algorithmOf, hexOf } from '../bytes/digest.js'
import type { FindingDetail, FindingLog } from '../model/finding-log.js'
import type { Image, Layer, LooseBlob } from '../model/image.js'
import { compressionClaimed, roleOf } from '../model/media-types.js'
import type { Measurement, Notice } from '../tar/measurement.js'
import { claimedDiffIDs } from './identity.js'
import type { Measurements } from './measure.js'

/**
 * Holds the claims for each layer of an image against its measurement. What is wrong with the bytes of a layer that
 * several images share is told once: `told` remembers which.
 */
export function verifyLayers(image: Image, measurements: Measurements, log: FindingLog, told: Set<string>): void {
  const known = diffIDsOf(image, measurements)
  for (const layer of image.layers) {
    const measured = measurements.of(layer)
    if (measured === undefined) continue
    verifyDiffID(layer, measured, known, log)
    if (isNew(claimsKey(layer), told)) verifyStored(layer, measured, log)
    if (!isNew(layer.path, told)) continue
    if (image.configSource.kind === 'derived' && layer.claims.diffID === undefined) tellUnproved(layer, log)
    for (const notice of measured.notices) {
      if (layer.isWhole !== true || !TOLD_OF_ARCHIVE.has(notice.code)) tellNotice(layer, measured, notice, log)
    }
  }
}

function isNew(key: string, told: Set<string>): boolean {
  const known = told.has(key)
  told.add(key)
  return !known
}

// Images that share a layer may claim different things for it.
function claimsKey({ path, claims }: Layer): string {
  const { digest, size, mediaType, name } = claims
  return JSON.stringify([path, digest, size, mediaType, name])
}

// What the archive says of its own tar, where the layer is that tar.
const TOLD_OF_ARCHIVE: ReadonlySet<Notice['code']> = new Set(['LAYER_TAR', 'LAYER_TRAILING_BYTES', 'LAYER_END_MISSING'])

function placeOf(layer: Layer): FindingDetail {
  return { path: layer.path, layer: layer.index, ...(layer.offset !== undefined && { offset: layer.offset }) }
}

/** The diffIDs of an image. */
interface DiffIDs {
  /** Those that the config claims, each with the first place where it stands. */
  readonly places: ReadonlyMap<string, number>
  readonly measured: ReadonlySet<string | undefined>
}

function diffIDsOf(image: Image, measurements: Measurements): DiffIDs {
  // A map keeps the last of a key.
  const claimed = claimedDiffIDs(image).map((diffID, place) => [diffID, place] as const)
  return {
    places: new Map(claimed.reverse()),
    measured: new Set(image.layers.map((layer) => measurements.of(layer)?.diffID)),
  }
}

function verifyDiffID(layer: Layer, { diffID }: Measurement, { places, measured }: DiffIDs, log: FindingLog): void {
  const claimed = layer.claims.diffID
  if (claimed === undefined || diffID === undefined || diffID === claimed) return
  const place = measured.has(claimed) ? places.get(diffID) : undefined
  const order = place === undefined ? '' : `; it is the one of layer ${place}, the layers are in the wrong order`
  log.add('DIFFID_MISMATCH', `layer ${layer.index} does not have the diffID that the config claims${order}`, {
    ...placeOf(layer),
    expected: claimed,
    actual: diffID,
  })
}

function tellUnproved(layer: Layer, log: FindingLog): void {
  log.add('LAYER_UNPROVED', `nothing in the archive claims a digest for layer ${layer.index}`, placeOf(layer))
}

/** The bytes as stored: digest, size, name and label. */
function verifyStored(layer: Layer, measured: Measurement, log: FindingLog): void {
  const { digest, size, mediaType, name } = layer.claims
  if (size !== undefined && size !== measured.size) {
    log.add('SIZE_MISMATCH', `layer ${layer.index} has ${measured.size} bytes, ${size} are claimed`, {
      ...placeOf(layer),
      expected: String(size),
      actual: String(measured.size),
    })
  }
  if (digest !== undefined && digest !== digestLike(digest, measured)) {
    log.add('BLOB_DIGEST_MISMATCH', `the stored bytes of layer ${layer.index} do not have the digest that is claimed`, {
      ...placeOf(layer),
      expected: digest,
      actual: digestLike(digest, measured),
    })
  }
  const isNamed =
    name === undefined || [measured.digest, measured.diffID].some((own) => own !== undefined && hexOf(own) === name)
  if (!isNamed && digest === undefined) {
    log.add(
      'LAYER_NAME_MISMATCH',
      `the name of layer ${layer.index} claims a hash that neither its stored nor its uncompressed bytes have`,
      {
        ...placeOf(layer),
        expected: `sha256:${name}`,
        actual: measured.diffID ?? measured.digest,
      },
    )
  }
  const role = mediaType === undefined ? 'layer' : roleOf(mediaType)
  if (role === 'layer' && measured.tar === undefined && measured.diffSize > 0) {
    log.add('LAYER_TAR', `layer ${layer.index} is no tar`, placeOf(layer))
  }
  if (mediaType !== undefined) verifyMediaType(layer, measured, mediaType, log)
}

/** The digest of the stored bytes, by the algorithm of the digest that is claimed. */
export function digestLike(claimed: string, measured: Measurement): string {
  return algorithmOf(claimed) === 'sha512' ? (measured.sha512 ?? 'not measured') : measured.digest
}

function verifyMediaType(layer: Layer, measured: Measurement, mediaType: string, log: FindingLog): void {
  const role = roleOf(mediaType)
  if (role !== 'layer' && role !== 'foreign-layer') {
    log.add(
      'MEDIA_TYPE_UNKNOWN',
      `the media type of layer ${layer.index} is ${JSON.stringify(mediaType)}`,
      placeOf(layer),
    )
    return
  }
  const claimed = compressionClaimed(mediaType)
  if (claimed === undefined || claimed === measured.compression) return
  log.add('MEDIA_TYPE_MISMATCH', `the bytes of layer ${layer.index} are not what ${mediaType} says`, {
    ...placeOf(layer),
    expected: claimed,
    actual: measured.compression,
  })
}

function tellNotice(layer: Layer, measured: Measurement, notice: Notice, log: FindingLog): void {
  const start = layer.offset
  // In a plain layer every byte has its place in the archive; in a compressed one only the compressed bytes have.
  const inner = notice.offset ?? (measured.compression === 'none' ? notice.layerOffset : undefined) ?? 0
  log.add(notice.code, notice.message, {
    ...placeOf(layer),
    ...(start !== undefined && { offset: start + inner }),
    ...(notice.layerOffset !== undefined && { layerOffset: notice.layerOffset }),
    ...(notice.entry !== undefined && { entry: notice.entry }),
  })
}

/** Proves the blobs that belong to no image by their paths and descriptors. */
export function verifyLoose(loose: readonly LooseBlob[], measurements: Measurements, log: FindingLog): void {
  for (const blob of loose) {
    const measured = measurements.of(blob)
    const place = { path: blob.path, ...(blob.offset !== undefined && { offset: blob.offset }) }
    if (!blob.referred) log.add('BLOB_ORPHAN', `nothing refers to ${blob.path}`, place)
    if (measured === undefined) continue
    const actual = digestLike(blob.digest, measured)
    if (actual !== blob.digest) {
      log.add('BLOB_DIGEST_MISMATCH', `${blob.path} does not have the digest that is claimed for it`, {
        ...place,
        expected: blob.digest,
        actual,
      })
    }
    if (blob.size !== undefined && blob.size !== measured.size) {
      const [expected, actualSize] = [String(blob.size), String(measured.size)]
      log.add('SIZE_MISMATCH', `${blob.path} has ${actualSize} bytes, ${expected} are claimed`, {
        ...place,
        expected,
        actual: actualSize,
      })
    }
  }
}
