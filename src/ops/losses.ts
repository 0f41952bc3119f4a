import type { Finding } from '../findings.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import type { OutgoingImage } from '../model/outgoing.js'
import { parseReference } from '../model/reference.js'
import type { Companions } from './companions.js'

/** What an output is told by. */
export interface LossSettings {
  /** The archive that findings name. */
  readonly archive: string
  /** Whether names go to manifest.json, where they need a tag. */
  readonly docker: boolean
  readonly companions: Companions
}

/**
 * What images lose when they are written as prepared: indexes, attestations, blob digests, names. Notes, in the images'
 * order.
 */
export function lossesOf(
  images: readonly Image[],
  prepared: readonly OutgoingImage[],
  { archive, docker, companions }: LossSettings,
): readonly Finding[] {
  const log = findingLog(archive)
  tellIndexes(log, images, companions)
  const carried = new Set(companions.carried.flatMap(({ blobs }) => blobs).map(({ digest }) => digest))
  const digests = new Set(prepared.flatMap(({ layers }) => layers).map(({ digest }) => digest))
  for (const image of images) {
    const left = image.attachments.filter((digest) => !carried.has(digest)).length
    if (left > 0) {
      const message = `${String(left)} attestations or signatures of ${image.path} are not taken over`
      log.add('OUTPUT_ATTACHMENT_LEFT_OUT', message, { path: image.path })
    }
    for (const layer of image.layers) {
      const { digest, diffID } = layer.claims
      // No registry knows a layer by its diffID.
      if (digest === undefined || digest === diffID || digests.has(digest)) continue
      const message = `layer ${String(layer.index)} is stored in another compression: it is no longer the blob ${digest}`
      log.add('OUTPUT_LAYER_RECOMPRESSED', message, { path: layer.path, layer: layer.index, expected: digest })
    }
    for (const name of docker ? image.names.filter((one) => parseReference(one)?.tag === undefined) : []) {
      log.add('OUTPUT_NAME_LEFT_OUT', `docker takes no name without a tag: ${JSON.stringify(name)}`, { actual: name })
    }
  }
  return log.findings
}

function tellIndexes(log: FindingLog, images: readonly Image[], { left }: Companions): void {
  const manifests = new Set(images.map(({ manifest }) => manifest?.digest))
  for (const { companion, reason } of left) {
    if (!companion.about.some((digest) => manifests.has(digest))) continue
    const message = `the index ${companion.digest}, which registries know its images by, is not taken over: ${reason}`
    log.add('OUTPUT_INDEX_LEFT_OUT', message, { expected: companion.digest })
  }
}
