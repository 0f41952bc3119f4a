import { digestsNaming, type OutgoingCompanion } from '../../model/companion.js'
import { heldNames } from '../../model/names.js'
import type { OutgoingImage } from '../../model/outgoing.js'
import { manifestOf } from './documents.js'

/** What goes into an archive. */
export interface ArchiveContent {
  readonly images: readonly OutgoingImage[]
  /** What goes along, where the archive has an index.json. */
  readonly companions?: readonly OutgoingCompanion[]
  /** What an index.json is to say of itself. */
  readonly indexAnnotations?: ReadonlyMap<string, string>
}

/** What an archive can say of names. */
export interface ContentLimits {
  /** Whether names go to manifest.json, which must tell the same as index.json. */
  readonly docker: boolean
  /** Whether there is an index.json, where names have digests. */
  readonly index: boolean
}

/** The same with the names that the archive can hold, see heldNames. */
export function heldContent(
  { images, companions = [], ...content }: ArchiveContent,
  { docker, index }: ContentLimits,
): ArchiveContent {
  const digestsOf = (image: OutgoingImage): ReadonlySet<string> =>
    index ? digestsNaming(manifestOf(image).digest, companions) : new Set()
  return {
    ...content,
    images: images.map((image) => ({ ...image, names: heldNames(image.names, { docker, digests: digestsOf(image) }) })),
    companions: companions.map((one) => {
      return { ...one, names: heldNames(one.names, { docker, digests: new Set([one.digest]) }) }
    }),
  }
}
