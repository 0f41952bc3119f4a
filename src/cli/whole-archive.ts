import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Image, ImageArchive } from '../model/image.js'
import { openOperand, selectionOf } from './archives.js'
import type { GlobalValues } from './options.js'

/** An archive with all its images, and those of them that the operand and `--platform` mean. */
export interface WholeArchive extends AsyncDisposable {
  readonly archive: ImageArchive
  /** Errors: ERR_NOT_FOUND, ERR_REFERENCE where it is not clear which image is meant. */
  chosen(): ReadonlySet<Image>
}

/** Opens the archive of an operand whole, whichever image it means. Errors: those of openOperand, also for a container. */
export async function openWhole(operand: string, globals: GlobalValues, context: RunContext): Promise<WholeArchive> {
  const [{ parseOperand }, { parsePlatform }, { selectImage, selectImages }, { noSuchArchive }] = await Promise.all([
    import('../formats/operand.js'),
    import('../model/platform.js'),
    import('../model/select.js'),
    import('./no-such-archive.js'),
  ])
  const { path, transport, choice } = await parseOperand(operand)
  if (choice?.kind === 'container') {
    const hint = 'imgtar commit makes an image of a container'
    throw new ArchiveError('ERR_REFERENCE', 'a container is no image', { location: path, hint })
  }
  const platform = globals.platform === undefined ? undefined : parsePlatform(globals.platform)
  const selection = selectionOf(choice, platform)
  const whole = transport === undefined ? path : `${transport}:${path}`
  const all = { ...globals, platform: undefined }
  const archive = await openOperand(whole, { globals: all, context, access: 'random' }).catch((error: unknown) => {
    throw noSuchArchive(error, operand)
  })
  return {
    archive,
    // One name may stand for an image of several platforms; without a name it must be clear which image is meant.
    chosen: () =>
      new Set(choice?.kind === 'name' ? selectImages(archive, selection) : [selectImage(archive, selection)]),
    [Symbol.asyncDispose]: () => Promise.resolve(archive[Symbol.asyncDispose]()),
  }
}
