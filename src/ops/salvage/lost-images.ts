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
  const hashes = [...whole.map(hexOf), ...named]
  const found = new Map<string, { readonly image: WantedImage; readonly names: Set<string> }>()
  for (const { images, location } of sources) {
    for (const image of images) {
      const own = hashesOf(image)
      if (image.configSource.kind !== 'stored' || !hashes.every((hash) => own.has(hash))) continue
      const { document } = image.configSource
      const config = { document, origin: { kind: 'healed', archive: location } } as const
      const claimedID = hexOf(document.digest)
      const first = { names: [], claimedID, config, manifest: image.manifest, paths: [] }
      const known = found.get(claimedID) ?? { image: first, names: new Set() }
      found.set(claimedID, known)
      for (const name of tagged(image.names)) known.names.add(name)
    }
  }
  const [only, second] = found.values()
  return only === undefined || second !== undefined ? undefined : { ...only.image, names: [...only.names] }
}

/** Every sha256, in hex, that is the name of something in an image. */
function hashesOf({ configSource, manifest, layers }: Image): ReadonlySet<string> {
  const config = configSource.kind === 'stored' ? configSource.document : undefined
  const claimed = layers.flatMap(({ claims }) => [claims.digest ?? [], claims.diffID ?? []].flat())
  const digests = [...claimed, ...(config?.value.rootfs?.diff_ids ?? []), config?.digest ?? [], manifest?.digest ?? []]
  return new Set(digests.flat().map(hexOf))
}
