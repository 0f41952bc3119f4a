import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { outputError } from '../bytes/file-place.js'
import { fileOutput } from '../bytes/output.js'
import type { RunContext } from '../context.js'
import type { Image } from '../model/image.js'
import type { ArchiveWriter } from './archive-writer.js'
import { fileNameFor } from './file-name.js'
import { flatten } from './flatten.js'
import type { RecoveredFile, RecoverTarget } from './recover.js'

/** What goes where. */
export interface RecoverPlace {
  /** It is made where it is not there. */
  readonly directory: string
  /** Whether files that are there are replaced. */
  readonly force: boolean
  /** Whether all images go into `images.tar`, layers that they share once. */
  readonly oneArchive: boolean
  /** The docker whose headers the root filesystems of containers have. */
  readonly engine?: number | undefined
  readonly writeArchive: ArchiveWriter
}

/** Files of a directory for what is recovered, by the names of images and containers. Errors: ERR_OUTPUT. */
export async function recoverInto(place: RecoverPlace, context: RunContext): Promise<RecoverTarget> {
  const { directory, force, writeArchive } = place
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw outputError(cause, directory)
  })
  const pathOf = pathsIn(directory)
  const written = async (images: readonly Image[], path: string): Promise<RecoveredFile> => {
    return { path, size: await writeArchive(images, { path, force }, context) }
  }
  const together = {
    write: (images: readonly Image[]) => written(images, join(directory, 'images.tar')),
    async probe(image: Image) {
      await writeArchive([image], undefined, context)
    },
  }
  return {
    ...(place.oneArchive && { together }),
    image(image, id) {
      const hex = id.replace('sha256:', '')
      return written([image], pathOf(image.names[0] ?? hex.slice(0, 12), hex, 'image.tar'))
    },
    async container(image, { name, id }) {
      const path = pathOf(name === '' ? id.slice(0, 12) : name, id, 'container.tar')
      return { path, size: await writeRootfs(image, path, place, context) }
    },
  }
}

/** Names of files that nothing else has; a second try for the same image goes to the same place. */
function pathsIn(directory: string): (name: string, id: string, suffix: string) => string {
  const taken = new Map<string, string>()
  return (given, id, suffix) => {
    const name = fileNameFor(given)
    const plain = `${name}.${suffix}`
    const isFree = (taken.get(plain) ?? id) === id
    if (isFree) taken.set(plain, id)
    return join(directory, isFree ? plain : `${name}-${id.slice(0, 12)}.${suffix}`)
  }
}

async function writeRootfs(
  { layers }: Image,
  path: string,
  { force, engine }: RecoverPlace,
  context: RunContext,
): Promise<number> {
  const flat = await flatten(layers, { archive: path, ...(engine !== undefined && { engine }) }, context)
  await using output = await fileOutput(path, { force })
  await using blocks = await flat.blocks()
  await output.take(blocks)
  await output.commit()
  return output.position
}
