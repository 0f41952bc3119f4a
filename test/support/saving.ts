import { readFile } from 'node:fs/promises'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { compressionsOf, hasIndex, openSink, writeImages, type WriteTarget } from '../../src/formats/write/index.js'
import type { FindingLog } from '../../src/model/finding-log.js'
import type { ImageArchive } from '../../src/model/image.js'
import { companionsFor } from '../../src/ops/companions.js'
import { prepareImages, type PrepareOptions } from '../../src/ops/prepare.js'

/** How to save; a universal docker archive of layers as they are where nothing is said. */
export interface SaveSettings extends Partial<Pick<PrepareOptions, 'compress' | 'trust'>> {
  readonly target?: WriteTarget
  readonly log?: FindingLog
}

/** What `save` writes of the archives in these files into the file `to`; nothing of it is there where that fails. */
export async function saved(
  files: readonly string[],
  to: string,
  { target = { format: 'docker-archive', layout: 'universal' }, compress = 'keep', trust, log }: SaveSettings = {},
): Promise<Uint8Array> {
  const context = runContext()
  const archives: ImageArchive[] = []
  try {
    for (const file of files) archives.push(await openArchive(file, context, { access: 'random' }))
    await using sink = await openSink(target, { path: to, force: true })
    const options = {
      compress,
      holds: compressionsOf(target),
      staging: sink,
      ...(trust && { trust }),
      ...(log && { log }),
    }
    const images = await prepareImages(
      archives.flatMap((archive) => archive.images),
      options,
      context,
    )
    const { carried, left: _, ...own } = await companionsFor(archives, images, hasIndex(target), context)
    await writeImages(sink, { images, companions: carried, ...own }, target, context)
    await sink.commit()
  } finally {
    for (const archive of archives) await archive[Symbol.asyncDispose]()
  }
  return readFile(to)
}
