import type { RunContext } from '../context.js'
import type { Image } from '../model/image.js'
import { formatPlatform } from '../model/platform.js'
import { parseReference, familiarName } from '../model/reference.js'
import type { ImagesReport } from '../model/report.js'
import { identify } from './identity.js'
import { measureLayers, UNMEASURED } from './measure.js'
import { sizesOf } from './sizes.js'

/** Rows of `imgtar images`. */
export type ImageRow = ImagesReport['images'][number]

/** A row per name of each image, or one row for an image without names, in the archive's order. */
export async function listImages(
  images: readonly Image[],
  name: string,
  context: RunContext,
): Promise<readonly ImageRow[]> {
  const derived = images.filter((image) => image.configSource.kind === 'derived').flatMap((image) => image.layers)
  const measured = await measureLayers(derived, [], context)
  const measurements = derived.length === 0 ? UNMEASURED : measured
  const layers = images.flatMap((image) => image.layers)
  const sizes = await sizesOf(layers, measurements, context)
  return images.flatMap((image) => {
    const { imageID } = identify(image, measurements)
    const known = image.layers.map((layer) => sizes.get(layer))
    const size = known.reduce<number | undefined>(
      (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
      0,
    )
    const row = {
      archive: name,
      imageID: imageID ?? image.v1ID ?? '',
      platform: formatPlatform(image.platform),
      created: image.config.created ?? null,
      size: size ?? null,
      ...(image.v1ID !== undefined && { topSize: known.at(-1) ?? null }),
    }
    const rows = image.names.map(repositoryAndTag)
    const tagged = new Set(rows.flatMap(({ repository, tag }) => (tag === null ? [] : [repository])))
    // As docker: a name with a digest is a row only where its repository has no tag for the image.
    const shown = rows.filter(({ repository, tag }) => tag !== null || !tagged.has(repository))
    return (shown.length === 0 ? [{ repository: null, tag: null }] : shown).map((own) => ({ ...row, ...own }))
  })
}

function repositoryAndTag(name: string): Pick<ImageRow, 'repository' | 'tag'> {
  const reference = parseReference(name)
  // A bare word in an OCI index is a tag without a repository (OCI image spec, annotations.md, ref.name).
  if (reference?.tag === undefined && reference?.digest === undefined) return { repository: null, tag: name }
  const { tag = null, registry, repository } = reference
  return { repository: familiarName({ registry, repository }), tag }
}
