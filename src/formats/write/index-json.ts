import { ArchiveError } from '../../errors.js'
import type { OutgoingCompanion } from '../../model/companion.js'
import { byBytes, goObject, goString } from '../../model/go-json.js'
import { MEDIA_TYPES } from '../../model/media-types.js'
import { groupedByName, NAME_ANNOTATIONS } from '../../model/names.js'
import type { OutgoingImage } from '../../model/outgoing.js'
import { formatPlatform } from '../../model/platform.js'
import { canonicalName, parseReference } from '../../model/reference.js'
import type { ArchiveContent } from './content.js'
import { annotations, descriptor, document, manifestOf, type BlobDocument } from './documents.js'

/** index.json, and the documents that it leads to. */
export interface Index {
  readonly bytes: Uint8Array
  readonly blobs: readonly BlobDocument[]
}

/** A descriptor of index.json. */
interface Entry {
  readonly target: Pick<OutgoingCompanion, 'mediaType' | 'digest' | 'size'>
  readonly name?: string
  /** What it says beside the name. */
  readonly about: ReadonlyMap<string, string>
}

interface ManifestOfImage {
  readonly image: OutgoingImage
  readonly blob: BlobDocument
}

const NOTHING: ReadonlyMap<string, string> = new Map()

/**
 * An index with an entry for every name, as docker has written it since 25: that leads to the companion which has the
 * name, or to the image; images of one name share an index below. Errors: ERR_REFERENCE where that would hold two images
 * for one platform.
 */
export function indexOf({ images, companions = [], indexAnnotations = NOTHING }: ArchiveContent): Index {
  const manifests = images.map((image) => ({ image, blob: manifestOf(image) }))
  const { entries, indexes } = namedEntries(manifests, companions)
  entries.push(...namelessEntries(manifests, companions))
  const blobs = new Map([...manifests.map(({ blob }) => blob), ...indexes].map((blob) => [blob.digest, blob]))
  const { bytes } = indexDocument(entryTexts(entries), indexAnnotations)
  return { bytes, blobs: [...blobs.values()] }
}

function namedEntries(
  manifests: readonly ManifestOfImage[],
  companions: readonly OutgoingCompanion[],
): { entries: Entry[]; indexes: BlobDocument[] } {
  const entries: Entry[] = []
  const indexes: BlobDocument[] = []
  const imagesBy = groupedByName(manifests, ({ image }) => image.names)
  const companionsBy = groupedByName(companions, ({ names }) => names)
  for (const name of [...new Set([...imagesBy.keys(), ...companionsBy.keys()])].sort(byBytes)) {
    const named = imagesBy.get(name) ?? []
    const companion = companionsBy.get(name)?.[0]
    const [first, second] = named
    if (companion !== undefined) entries.push({ target: companion, name, about: companion.annotations })
    else if (second !== undefined) {
      const index = platformIndex(name, named)
      indexes.push(index)
      entries.push({ target: targetOf(index), name, about: NOTHING })
    } else if (first !== undefined) entries.push({ ...entryOf(first), name })
  }
  return { entries, indexes }
}

function namelessEntries(
  manifests: readonly ManifestOfImage[],
  companions: readonly OutgoingCompanion[],
): readonly Entry[] {
  const nameless = companions.filter(({ names }) => names.length === 0)
  const others = manifests.filter(({ image, blob }) => {
    const isBelow = nameless.some(({ manifests: below }) => below.has(blob.digest))
    return image.names.length === 0 && !isBelow
  })
  return [...nameless.map((one) => ({ target: one, about: one.annotations })), ...others.map(entryOf)]
}

function entryOf({ image, blob }: ManifestOfImage): Entry {
  return { target: targetOf(blob), about: image.entryAnnotations ?? NOTHING }
}

function targetOf({ mediaType, digest, bytes }: BlobDocument): Entry['target'] {
  return { mediaType, digest, size: bytes.length }
}

function indexDocument(entries: readonly string[], about: ReadonlyMap<string, string>): BlobDocument {
  const json = goObject([
    ['schemaVersion', '2'],
    ['mediaType', goString(MEDIA_TYPES.ociIndex)],
    ['manifests', `[${entries.join(',')}]`],
    ...annotations(about),
  ])
  return document(json, MEDIA_TYPES.ociIndex)
}

function platformIndex(name: string, manifests: readonly ManifestOfImage[]): BlobDocument {
  refuseSamePlatform(name, manifests)
  const entries = manifests.map(({ image: { platform, entryAnnotations = NOTHING }, blob }) => {
    const { architecture, os, variant } = platform
    const members: [string, string][] = [
      ['architecture', goString(architecture)],
      ['os', goString(os)],
      ...(variant === undefined ? [] : [['variant', goString(variant)] satisfies [string, string]]),
    ]
    const own = descriptor(blob.mediaType, blob.digest, blob.bytes.length)
    return goObject([...own, ...annotations(entryAnnotations), ['platform', goObject(members)]])
  })
  return indexDocument(entries, NOTHING)
}

// Readers would take the first one without a word. What one index held so already stays together: there the platforms
// differ in what only that index said.
function refuseSamePlatform(name: string, manifests: readonly ManifestOfImage[]): void {
  const owners = new Map<string, OutgoingImage>()
  for (const { image } of manifests) {
    const platform = formatPlatform(image.platform)
    const owner = owners.get(platform)
    if (owner === undefined) owners.set(platform, image)
    else if (owner.targetDigest === undefined || owner.targetDigest !== image.targetDigest) {
      throw new ArchiveError(
        'ERR_REFERENCE',
        `${name} is two images for ${platform}, and an archive can name only one so`,
        {
          hint: 'pick one, or give one of them another name with imgtar tag',
        },
      )
    }
  }
}

/** Descriptors as JSON, each with its name as containerd and skopeo read it. */
function entryTexts(entries: readonly Entry[]): readonly string[] {
  const names = entries.map(({ name }) => (name === undefined ? NAMELESS : namesIn(name)))
  const count = new Map<string, number>()
  for (const { ref } of names) if (ref !== undefined) count.set(ref, (count.get(ref) ?? 0) + 1)
  return entries.map(({ target: { mediaType, digest, size }, about }, at) => {
    const { full, ref } = names[at] ?? NAMELESS
    const pairs = new Map(about)
    if (full !== undefined) pairs.set(FULL, full)
    // Of entries with one ref.name skopeo takes the first without a word, and umoci none.
    if (ref !== undefined) pairs.set(REF, (count.get(ref) ?? 0) > 1 ? (full ?? ref) : ref)
    return goObject([...descriptor(mediaType, digest, size), ...annotations(pairs)])
  })
}

const [FULL, REF] = NAME_ANNOTATIONS

interface EntryNames {
  readonly full?: string
  readonly ref?: string
}

const NAMELESS: EntryNames = {}

// containerd and docker: the full name, and the tag alone; a bare word is only a tag (OCI image spec, annotations.md).
function namesIn(name: string): EntryNames {
  const reference = parseReference(name)
  if (reference?.tag === undefined && reference?.digest === undefined) return { ref: name }
  const full = canonicalName(reference)
  return { full, ref: reference.tag ?? full }
}
