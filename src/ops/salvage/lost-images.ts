import { hexOf } from '../../bytes/digest.js'
import type { Image, ImageArchive } from '../../model/image.js'
import { hashNamed } from './documents.js'
import type { LayerPool } from './pool.js'
import { tagged, type WantedImage } from './wanted.js'

/**
 * The image that an archive held whose documents are all lost, as when its end is cut off: an image of another archive
 * to which all of its whole layers belong, and every damaged one whose name is a digest. None where several could be it.
 */
export function lostImage({ parts }: LayerPool, sources: readonly ImageArchive[]): WantedImage | undefined {
  const whole = parts.flatMap(({ state, measured }) => (state === 'damaged' ? [] : (measured.diffID ?? [])))
  // Not every member: docker 25 to 28 name by their digests documents too that no image refers to.
  const named = parts.flatMap(({ state, member }) => (state === 'damaged' ? (hashNamed(member.path) ?? []) : []))
  if (whole.length === 0) return undefined
  const found = new Map<string, WantedImage>()
  for (const { images, location } of sources) {
    for (const image of images) {
      const hashes = hashesOf(image)
      if (image.configSource.kind !== 'stored' || ![...whole.map(hexOf), ...named].every((hash) => hashes.has(hash)))
        continue
      const { document } = image.configSource
      const config = { document, origin: { kind: 'healed', archive: location } } as const
      const claimedID = hexOf(document.digest)
      const known = found.get(claimedID) ?? { names: [], claimedID, config, manifest: image.manifest, paths: [] }
      found.set(claimedID, { ...known, names: [...new Set([...known.names, ...tagged(image.names)])] })
    }
  }
  const [only, second] = found.values()
  return second === undefined ? only : undefined
}

/** Every sha256, in hex, that is the name of something in an image. */
function hashesOf({ configSource, manifest, layers }: Image): ReadonlySet<string> {
  const config = configSource.kind === 'stored' ? configSource.document : undefined
  const claimed = layers.flatMap(({ claims }) => [claims.digest ?? [], claims.diffID ?? []].flat())
  const digests = [...claimed, ...(config?.value.rootfs?.diff_ids ?? []), config?.digest ?? [], manifest?.digest ?? []]
  return new Set(digests.flat().map(hexOf))
}
