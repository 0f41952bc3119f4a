import { ArchiveError } from '../errors.js'
import type { Image } from '../model/image.js'
import { familiarName, parseReference } from '../model/reference.js'

/** How names are to change. */
export interface NameChanges {
  /** New names of the chosen images. */
  readonly add: readonly string[]
  /** Names that no image keeps. */
  readonly drop: readonly string[]
  /** Whether the chosen images keep no other name. */
  readonly only: boolean
}

/** A name with a tag as docker prints it; `:latest` where the text has none. Errors: ERR_REFERENCE. */
export function newName(text: string): string {
  const reference = parseReference(text)
  if (reference === undefined || reference.digest !== undefined) {
    throw new ArchiveError('ERR_REFERENCE', `'${text}' is no name for an image`, {
      hint: 'names are lower case, as registry:5000/team/app:tag',
    })
  }
  return familiarName({ tag: 'latest', ...reference })
}

/**
 * Images with other names; nothing else of them changes. A name that the chosen ones get is taken from all others, as
 * docker tag does. Errors: ERR_REFERENCE for an impossible name, ERR_NOT_FOUND for a dropped one that no image has.
 */
export function retag(
  images: readonly Image[],
  chosen: ReadonlySet<Image>,
  { add, drop, only }: NameChanges,
): readonly Image[] {
  const added = add.map(newName)
  const dropped = drop.map((name) => known(images, name))
  const gone = new Set([...added, ...dropped])
  return images.map((image) => {
    const own = image.names.filter((name) => !gone.has(name))
    if (!chosen.has(image)) return { ...image, names: own }
    return { ...image, names: [...new Set([...(only ? [] : own), ...added])] }
  })
}

// Names that docker would refuse are kept as they were written, so that they can be dropped too.
function known(images: readonly Image[], text: string): string {
  const all = images.flatMap(({ names }) => names)
  const found = [text, ...(parseReference(text) === undefined ? [] : [newName(text)])].find((name) =>
    all.includes(name),
  )
  if (found !== undefined) return found
  throw new ArchiveError('ERR_NOT_FOUND', `no image of the archive is named ${text}`, {
    hint: all.length === 0 ? 'none has a name' : `the names are ${all.slice(0, 10).join(', ')}`,
  })
}
