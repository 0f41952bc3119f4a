import type { Image, Layer } from '../model/image.js'
import type { CensusReport } from '../model/report-store.js'
import type { Measurement } from '../tar/measurement.js'
import type { Measurements } from './measure.js'
import { digestLike } from './verify-layers.js'

/** Whether a layer can be given back as it was. */
export type LayerHealth = CensusReport['layers'][number]['state']

/**
 * Whether a layer comes out as the image has it. Docker up to 1.9 claims no diffID, but may have kept a checksum of every
 * file; where it did not, the layer is made anew. Blobs are held against the digest of their descriptor.
 */
export function healthOf(layer: Layer, measurements: Measurements): LayerHealth {
  const measured = measurements.of(layer)
  if (layer.blob !== undefined) return measured !== undefined && isWholeBlob(layer, measured) ? 'exact' : 'damaged'
  if (measured?.diffID === undefined) return 'lost'
  if (layer.isRebuilt === true) return 'rebuilt'
  const { diffID } = layer.claims
  const isUndamaged = measured.notices.every(({ fault }) => fault === undefined)
  const isUnclaimed = diffID === undefined && layer.assembly !== undefined
  return (isUnclaimed && isUndamaged) || measured.diffID === diffID ? 'exact' : 'damaged'
}

function isWholeBlob({ claims: { digest, diffID } }: Layer, measured: Measurement): boolean {
  const isAsStored = digest === undefined || digest === digestLike(digest, measured)
  return isAsStored && (diffID === undefined || diffID === measured.diffID)
}

/** Whether an image can be recovered bit by bit; the worst of its layers decides. */
export function imageHealth({ configSource, layers }: Image, measurements: Measurements): LayerHealth {
  if (configSource.kind === 'absent') return 'lost'
  const worst = worstOf(layers.map((layer) => healthOf(layer, measurements)))
  const isConfig =
    configSource.kind === 'derived' || configSource.path.endsWith(configSource.document.digest.slice('sha256:'.length))
  return isConfig || worst === 'lost' ? worst : 'damaged'
}

/** Whether a layer has something to be held against: checksums of its files, or a digest. */
export function isProvable({ assembly, blob }: Layer): boolean {
  return assembly !== undefined || blob !== undefined
}

const WORST_FIRST = ['lost', 'damaged', 'rebuilt'] as const

/** The worst of some states; of none, exact. */
export function worstOf(states: readonly LayerHealth[]): LayerHealth {
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'exact'
}
