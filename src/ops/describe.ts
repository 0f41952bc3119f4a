import type { Compression } from '../bytes/compression.js'
import { severityOf, type Finding } from '../findings.js'
import type { Image, Layer } from '../model/image.js'
import { formatPlatform } from '../model/platform.js'
import type { FindingReport, ImageReport, LayerReport } from '../model/report.js'
import { historyOfLayers } from './history-steps.js'
import { identify } from './identity.js'
import type { Measurements } from './measure.js'
import type { SniffedLayers } from './sniff.js'

/** An image as reports carry it. */
export function describeImage(image: Image, measurements: Measurements, sniffed?: SniffedLayers): ImageReport {
  const identity = identify(image, measurements)
  const steps = historyOfLayers(image)
  return {
    names: [...image.names],
    ...(identity.imageID !== undefined && { imageID: identity.imageID }),
    ...(image.manifest && { digest: image.manifest.digest }),
    platform: formatPlatform(image.platform),
    ...(image.config.created !== undefined && { created: image.config.created }),
    layers: image.layers.map((layer, at) => ({
      ...describeLayer(layer, measurements, sniffed?.get(layer)),
      ...(identity.chainIDs[at] !== undefined && { chainID: identity.chainIDs[at] }),
      ...(steps[at]?.created_by !== undefined && { history: steps[at].created_by }),
    })),
  }
}

function describeLayer(layer: Layer, measurements: Measurements, sniffed: Compression | undefined): LayerReport {
  const measured = measurements.of(layer)
  const diffID = measured?.diffID ?? layer.claims.diffID
  const compression = measured?.compression ?? sniffed
  // What is stored as it is has one digest for both.
  const digest = measured?.digest ?? layer.claims.digest ?? (compression === 'none' ? diffID : undefined)
  const size = measured?.size ?? layer.blob?.size ?? layer.claims.size
  const { mediaType } = layer.claims
  return {
    ...(diffID !== undefined && { diffID }),
    ...(digest !== undefined && { digest }),
    ...(size !== undefined && { size }),
    ...(measured && { diffSize: measured.diffSize }),
    ...(compression !== undefined && { compression }),
    ...(mediaType !== undefined && { mediaType }),
    path: layer.path,
    ...(layer.state === 'missing' && { missing: true }),
  }
}

/** A finding as reports carry it: with its severity. */
export function describeFinding(finding: Finding): FindingReport {
  return { ...finding, severity: severityOf(finding) }
}
