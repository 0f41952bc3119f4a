import { ArchiveError } from '../errors.js'
import type { Image, ImageArchive } from './image.js'
import { formatPlatform, platformMatches, type Platform } from './platform.js'
import { canonicalName, parseReference } from './reference.js'

/** Which images of an archive are meant. */
export interface Selection {
  /** A name, a digest or a (short) image ID. */
  readonly name?: string
  /** Its place in the archive, 0 first. */
  readonly index?: number
  readonly platform?: Platform
}

/** The images of an archive that a selection means, in the archive's order. Errors: ERR_NOT_FOUND, ERR_REFERENCE. */
export function selectImages(archive: ImageArchive, selection: Selection): readonly Image[] {
  const { name, index, platform } = selection
  let images = archive.images
  if (index !== undefined) images = images.slice(index, index + 1)
  if (name !== undefined) images = byName(archive, images, name)
  if (images.length === 0) {
    const wanted = name ?? (index === undefined ? 'image' : `image @${index}`)
    const { location } = archive
    const hint = archive.images.length === 0 ? undefined : offer(archive)
    throw new ArchiveError('ERR_NOT_FOUND', `there is no ${wanted} in the archive`, { location, ...(hint && { hint }) })
  }
  return platform === undefined ? images : byPlatform(archive, images, platform)
}

/** The one image that a selection means. Errors: as selectImages, and ERR_REFERENCE when there are several. */
export function selectImage(archive: ImageArchive, selection: Selection): Image {
  const images = selectImages(archive, selection)
  const [image, second] = images
  if (image !== undefined && second === undefined) return image
  throw new ArchiveError('ERR_REFERENCE', `the archive holds ${images.length} images; say which`, {
    location: archive.location,
    hint: `${offer(archive)}; ${howToChoose(archive, images)}`,
  })
}

/** What to write for one of several images: its platform where that tells, else its name or its place. */
function howToChoose({ images: all, location }: ImageArchive, images: readonly Image[]): string {
  const [first, ...others] = images.map(({ platform }) => formatPlatform(platform))
  const other = others.find((platform) => platform !== first)
  if (other !== undefined) return `--platform ${other} would take that one`
  const [image] = images
  const at = all.findIndex((one) => one === image)
  const name = image?.names.find((own) => all.filter(({ names }) => names.includes(own)).length === 1)
  return `${location}:${name ?? `@${at}`} is the first of them`
}

function byPlatform(archive: ImageArchive, images: readonly Image[], platform: Platform): readonly Image[] {
  const matching = images.filter((image) => platformMatches(image.platform, platform))
  // A rootfs has no platform of its own: it was read with the one that was asked for.
  if (matching.length > 0) return matching
  throw new ArchiveError('ERR_NOT_FOUND', `there is no image for ${formatPlatform(platform)} in the archive`, {
    location: archive.location,
    hint: offer(archive),
  })
}

function byName(archive: ImageArchive, images: readonly Image[], name: string): readonly Image[] {
  const wanted = qualified(name)
  const named = images.filter((image) =>
    [...image.names, ...(image.repoDigests ?? [])].some((own) => own === name || qualified(own) === wanted),
  )
  if (named.length > 0) return named
  const short = name.replace(/^sha256:/, '')
  if (!/^[a-f0-9]{4,64}$/.test(short)) return []
  const found = images.filter((image) => digestsOf(image).some((digest) => digest.startsWith(`sha256:${short}`)))
  if (new Set(found.map((image) => digestsOf(image)[0])).size > 1) {
    throw new ArchiveError('ERR_REFERENCE', `${name} is short for several images`, {
      location: archive.location,
      hint: 'give more of the digest',
    })
  }
  return found
}

function qualified(name: string): string | undefined {
  const reference = parseReference(name)
  if (reference === undefined) return undefined
  const isWhole = reference.tag !== undefined || reference.digest !== undefined
  return canonicalName(isWhole ? reference : { ...reference, tag: 'latest' })
}

function digestsOf({ configSource, manifest, targetDigest, v1ID }: Image): readonly string[] {
  const config = configSource.kind === 'stored' ? [configSource.document.digest] : []
  const target = targetDigest === undefined ? [] : [targetDigest]
  const old = v1ID === undefined ? [] : [`sha256:${v1ID}`]
  return [...config, ...(manifest ? [manifest.digest] : []), ...target, ...old]
}

function offer(archive: ImageArchive): string {
  const names = archive.images.map((image, index) => {
    const name = image.names.length === 0 ? `:@${index}` : image.names.join(', ')
    return `${name} (${formatPlatform(image.platform)})`
  })
  return `it holds ${names.slice(0, 10).join('; ')}`
}
