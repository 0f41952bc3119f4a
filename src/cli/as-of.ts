import type { ImageArchive, Layer } from '../model/image.js'
import { value, wholeNumber } from './arguments.js'

/** The option of commands that show or take files of an image. */
export const AS_OF_OPTION = value(
  'files as of this layer, before what those above it changed and deleted; 0 is the base',
  'N',
  wholeNumber(0),
)

/** The layers of the image that an archive was opened for, up to one. Errors: those of selectImage and layersAsOf. */
export async function chosenLayers(archive: ImageArchive, top: number | undefined): Promise<readonly Layer[]> {
  const [{ selectImage }, { layersAsOf }] = await Promise.all([
    import('../model/select.js'),
    import('../model/as-of.js'),
  ])
  return layersAsOf(selectImage(archive, {}), top, archive.location)
}
