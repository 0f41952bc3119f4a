import type { Finding } from '../findings.js'
import type { Image, ImageArchive } from '../model/image.js'
import { providedBy } from './base-chain.js'

const ABSENT: ReadonlySet<Finding['code']> = new Set(['LAYER_MISSING', 'BLOB_MISSING', 'MEMBER_LINK_BROKEN'])

/** An archive whose missing layers are no fault where a base provides them: a note says so of each. */
export function assumeBases(archive: ImageArchive, bases: readonly Image[]): ImageArchive {
  const providedLayers = providedBy(bases)
  const missing = new Map<string, string>()
  for (const image of archive.images) {
    const provided = new Set(providedLayers(image))
    for (const layer of image.layers) {
      if (layer.state === 'missing' && provided.has(layer)) missing.set(layer.path, layer.claims.diffID ?? '')
    }
  }
  const findings = archive.findings.map((finding): Finding => {
    const diffID = missing.get(finding.where.path ?? '')
    if (diffID === undefined || !ABSENT.has(finding.code)) return finding
    return { ...finding, code: 'LAYER_ASSUMED', message: `the base provides the layer ${diffID}`, expected: diffID }
  })
  return { ...archive, findings, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() }
}
