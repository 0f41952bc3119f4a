import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import type { OutgoingImage } from '../model/outgoing.js'
import { parseReference } from '../model/reference.js'

/** What an output is told by. */
export interface LossSettings {
  /** The archive that findings name. */
  readonly archive: string
  /** Whether names go to manifest.json, where they need a tag. */
  readonly docker: boolean
}

/** What images lose when they are written as prepared: attestations, blob digests, names. Notes, in the images' order. */
export function lossesOf(
  images: readonly Image[],
  prepared: readonly OutgoingImage[],
  { archive, docker }: LossSettings,
): readonly Finding[] {
  const log = findingLog(archive)
  const digests = new Set(prepared.flatMap(({ layers }) => layers).map(({ digest }) => digest))
  for (const image of images) {
    if (image.attachments.length > 0) {
      const message = `${String(image.attachments.length)} attestations or signatures of ${image.path} are not taken over`
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
