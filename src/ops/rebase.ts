import type { RunContext } from '../context.js'
import { ArchiveError, count } from '../errors.js'
import type { HistoryEntry } from '../model/config.js'
import type { Image } from '../model/image.js'
import { formatPlatform } from '../model/platform.js'
import { knownImage, withLayers, type KnownImage } from './relayer.js'

/** The images of a rebase, with the names that errors use for their archives. */
export interface RebaseInput {
  readonly image: Image
  readonly oldBase: Image
  readonly newBase: Image
  readonly archive: string
}

/**
 * The image with the layers of its base exchanged for those of another: `created` and what containers start with stay,
 * the history of the base and the platform are the new base's. Errors: ERR_USAGE where the old base is not what the
 * image stands on, with the layer that differs, or where the platforms differ; those of knownImage.
 */
export async function rebase({ image, oldBase, newBase, archive }: RebaseInput, context: RunContext): Promise<Image> {
  const own = await knownImage(image, context)
  const below = await knownImage(oldBase, context)
  const next = await knownImage(newBase, context)
  refuseOtherBase(own, below, archive)
  refuseOtherPlatform(own, next, archive)
  const kept = image.layers.slice(below.diffIDs.length)
  const value = next.config.value
  return withLayers(own, [...newBase.layers, ...kept], {
    history: [...next.history, ...stepsAbove(own, below)],
    platform: {
      ...newBase.platform,
      ...(value['os.version'] !== undefined && { osVersion: value['os.version'] }),
      ...(value['os.features'] !== undefined && { osFeatures: value['os.features'] }),
    },
  })
}

function refuseOtherBase(own: KnownImage, below: KnownImage, location: string): void {
  for (const [index, diffID] of below.diffIDs.entries()) {
    const found = own.diffIDs[index]
    if (found === diffID) continue
    const message = `the old base is not below the image: its layer ${index} is ${diffID}`
    const hint =
      found === undefined
        ? `the image has ${count(own.diffIDs.length, 'layer')}`
        : `layer ${index} of the image is ${found}`
    throw new ArchiveError('ERR_USAGE', message, { location, hint })
  }
}

function refuseOtherPlatform({ image }: KnownImage, next: KnownImage, location: string): void {
  const [own, other] = [image.platform, next.image.platform]
  if (own.os === other.os && own.architecture === other.architecture) return
  const message = `the new base is for ${formatPlatform(other)}, the image for ${formatPlatform(own)}`
  throw new ArchiveError('ERR_USAGE', message, { location })
}

/** The steps of an image that its base does not have: behind the last layer of the base, and the empty ones it shares. */
function stepsAbove(own: KnownImage, below: KnownImage): readonly HistoryEntry[] {
  let layers = 0
  let at = 0
  for (; layers < below.diffIDs.length && at < own.history.length; at++) {
    if (own.history[at]?.empty_layer !== true) layers += 1
  }
  while (at < below.history.length && isSameStep(own.history[at], below.history[at])) at += 1
  return own.history.slice(at)
}

function isSameStep(one: HistoryEntry | undefined, other: HistoryEntry | undefined): boolean {
  return (
    one?.empty_layer === true &&
    other?.empty_layer === true &&
    one.created_by === other.created_by &&
    one.created === other.created
  )
}
