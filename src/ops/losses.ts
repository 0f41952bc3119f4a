import type { Finding } from '../findings.js'
import { digestsNaming } from '../model/companion.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image, ImageArchive } from '../model/image.js'
import { heldNames, type NameLimits } from '../model/names.js'
import type { OutgoingImage } from '../model/outgoing.js'
import { parseReference } from '../model/reference.js'
import type { Companions } from './companions.js'

/** What an output is told by. */
export interface LossSettings {
  /** Where the images come from; findings about them name the first. */
  readonly archives: readonly ImageArchive[]
  /** Whether names go to manifest.json, where they need a tag. */
  readonly docker: boolean
  /** Whether there is an index.json. */
  readonly index: boolean
  readonly companions: Companions
}

/**
 * What images lose when they are written as prepared: indexes, attestations, blob digests, annotations, names. Notes, in
 * the images' order.
 */
export function lossesOf(
  images: readonly Image[],
  prepared: readonly OutgoingImage[],
  { archives, docker, index, companions }: LossSettings,
): readonly Finding[] {
  const log = findingLog(archives[0]?.location ?? '')
  tellIndexes(log, images, companions)
  const carried = new Set(companions.carried.flatMap(({ blobs }) => blobs).map(({ digest }) => digest))
  const digests = new Set(prepared.flatMap(({ layers }) => layers).map(({ digest }) => digest))
  const written = new Map(index ? prepared.map((image) => [image.manifest?.digest, image] as const) : [])
  for (const image of images) {
    const left = image.attachments.filter((digest) => !carried.has(digest)).length
    if (left > 0) {
      const what = left === 1 ? '1 attestation or signature' : `${left} attestations or signatures`
      const message = `${what} of ${image.path} ${left === 1 ? 'is' : 'are'} not taken over`
      log.add('OUTPUT_ATTACHMENT_LEFT_OUT', message, { path: image.path })
    }
    for (const layer of image.layers) {
      const { digest, diffID } = layer.claims
      // No registry knows a layer by its diffID.
      if (digest === undefined || digest === diffID || digests.has(digest)) continue
      const message = `layer ${String(layer.index)} is stored in another compression: it is no longer the blob ${digest}`
      log.add('OUTPUT_LAYER_RECOMPRESSED', message, { path: layer.path, layer: layer.index, expected: digest })
    }
    const manifest = image.manifest?.digest
    const stays = manifest !== undefined && written.has(manifest)
    tellAnnotations(log, image, stays ? written.get(manifest)?.entryAnnotations : undefined)
    tellNames(log, image, { docker, digests: stays ? digestsNaming(manifest, companions.carried) : new Set() })
  }
  return [...log.findings, ...(companions.indexAnnotations === undefined ? archives.flatMap(lostOfIndex) : [])]
}

/** What index.json says of an image, but for what the output says of it as well: of copies only one is written. */
function tellAnnotations(log: FindingLog, image: Image, taken: Image['entryAnnotations']): void {
  const { entryAnnotations = new Map<string, string>(), names, path } = image
  const keys = [...entryAnnotations].filter(([key, text]) => taken?.get(key) !== text).map(([key]) => key)
  if (keys.length === 0) return
  const message = `what index.json says of ${names[0] ?? path} is not taken over: ${keys.join(', ')}`
  log.add('OUTPUT_ANNOTATION_LEFT_OUT', message, { path: 'index.json' })
}

function lostOfIndex({ location, indexAnnotations }: ImageArchive): readonly Finding[] {
  if (indexAnnotations === undefined) return []
  const log = findingLog(location)
  const message = `what index.json says of itself is not taken over: ${[...indexAnnotations.annotations.keys()].join(', ')}`
  log.add('OUTPUT_ANNOTATION_LEFT_OUT', message, { path: 'index.json' })
  return log.findings
}

function tellNames(log: FindingLog, { names }: Image, limits: NameLimits): void {
  for (const name of names) {
    const [held] = heldNames([name], limits)
    if (held === name) continue
    log.add('OUTPUT_NAME_LEFT_OUT', `${reasonAgainst(name, held)}: ${JSON.stringify(name)}`, { actual: name })
  }
}

function reasonAgainst(name: string, held: string | undefined): string {
  if (held !== undefined) return `docker takes no name with a tag and a digest, and ${held} stays`
  const isDigest = parseReference(name)?.digest !== undefined
  return isDigest ? 'nothing that leads to the image has the digest of the name' : 'docker takes no name without a tag'
}

function tellIndexes(log: FindingLog, images: readonly Image[], { left }: Companions): void {
  const manifests = new Set(images.map(({ manifest }) => manifest?.digest))
  for (const { companion, reason } of left) {
    if (!companion.about.some((digest) => manifests.has(digest))) continue
    const message = `the index ${companion.digest}, which registries know its images by, is not taken over: ${reason}`
    log.add('OUTPUT_INDEX_LEFT_OUT', message, { expected: companion.digest })
  }
}
