import type { Compression } from '../bytes/compression.js'
import type { DiffID, Digest } from '../bytes/digest.js'
import { ArchiveError, count, HINTS } from '../errors.js'
import type { Image, Layer } from '../model/image.js'
import type { OutgoingContent, OutgoingLayer } from '../model/outgoing.js'
import type { Notice } from '../tar/measurement.js'

/** A layer with what was measured of the bytes that will be stored. */
export interface MeasuredLayer {
  readonly measurement: {
    readonly digest: Digest
    /** Absent where the compression is damaged. */
    readonly diffID?: DiffID
    readonly size: number
    /** Uncompressed; absent where the archive's word was taken. */
    readonly diffSize?: number
    readonly compression: Compression
  }
  readonly notices?: readonly Notice[]
  readonly content: OutgoingContent
}

/**
 * The layers of an image, each held against what its archive claims; where that claims nothing, it must at least be a
 * whole tar. Errors: ERR_DIGEST, ERR_COMPRESSION, ERR_DOCUMENT, ERR_TAR_HEADER, ERR_LIMIT.
 */
export function outgoingLayers(
  image: Image,
  of: (layer: Layer) => MeasuredLayer | undefined,
): readonly OutgoingLayer[] {
  refuseOtherCount(image)
  return image.layers.map((layer) => {
    const measured = of(layer)
    if (measured === undefined) {
      throw new ArchiveError('ERR_NOT_FOUND', `layer ${layer.index} is not in the archive`, {
        location: layer.path,
        hint: HINTS.damaged,
      })
    }
    return proved(layer, measured)
  })
}

/** Errors: ERR_DOCUMENT where the config claims more or fewer layers than there are. */
export function refuseOtherCount({ configSource, config, layers, path }: Image): void {
  const claimed = config.rootfs?.diff_ids?.length ?? 0
  if (configSource.kind !== 'stored' || claimed === layers.length) return
  const message = `the config has ${count(claimed, 'diff_id')}, the image ${count(layers.length, 'layer')}`
  throw new ArchiveError('ERR_DOCUMENT', message, { location: path, hint: HINTS.damaged })
}

function proved(layer: Layer, measured: MeasuredLayer): OutgoingLayer {
  const { digest, size, compression } = measured.measurement
  const diffID = provedDiffID(layer, measured)
  if (layer.claims.diffID === undefined) refuseBroken(layer, measured)
  return { diffID, digest, size, compression, content: measured.content }
}

// The diffID of what is cut short is as good as any: engines would unpack it up to there, and fail.
function refuseBroken({ index, blob, path }: Layer, { notices = [] }: MeasuredLayer): void {
  const fault = notices.find(({ code }) => code === 'LAYER_TAR' || code === 'LIMIT_REACHED')
  if (fault === undefined) return
  const { code, message, layerOffset } = fault
  const isLimit = code === 'LIMIT_REACHED'
  throw new ArchiveError(isLimit ? 'ERR_LIMIT' : 'ERR_TAR_HEADER', `layer ${index} is no whole tar: ${message}`, {
    location: blob?.location ?? path,
    hint: isLimit ? HINTS.limit : HINTS.damaged,
    ...(layerOffset !== undefined && { offset: layerOffset }),
  })
}

/** The diffID of a layer, held against what its archive claims. Errors: ERR_DIGEST, ERR_COMPRESSION. */
export function provedDiffID(
  layer: Layer,
  { measurement: { diffID }, notices }: Pick<MeasuredLayer, 'measurement' | 'notices'>,
): DiffID {
  const location = layer.blob?.location ?? layer.path
  if (diffID === undefined) {
    const [first] = (notices ?? []).filter(({ code }) => code.startsWith('LAYER_COMPRESSION'))
    const offset = first?.offset
    throw new ArchiveError('ERR_COMPRESSION', first?.message ?? 'the layer cannot be decompressed', {
      location,
      hint: HINTS.damaged,
      ...(offset !== undefined && { offset }),
    })
  }
  const claimed = layer.claims.diffID
  if (claimed !== undefined && claimed !== diffID) {
    const message = `layer ${layer.index} does not have the diffID that the config claims: ${diffID}, not ${claimed}`
    throw new ArchiveError('ERR_DIGEST', message, { location, hint: HINTS.damaged })
  }
  return diffID
}
