import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { compressionsOf, hasIndex, openSink, writeImages, type WriteTarget } from '../../src/formats/write/index.js'
import type { ImageArchive, Image } from '../../src/model/image.js'
import { companionsFor } from '../../src/ops/companions.js'
import { lossesOf } from '../../src/ops/losses.js'
import { prepareImages, type PrepareOptions } from '../../src/ops/prepare.js'
import { packed } from './archives.js'

const context = runContext()
/** What archives are written as: a layout, a layout that docker loads, and what docker wrote before 25. */
export const OCI_ARCHIVE: WriteTarget = { format: 'oci-archive', layout: 'universal' }
export const UNIVERSAL: WriteTarget = { format: 'docker-archive', layout: 'universal' }
export const CLASSIC: WriteTarget = { format: 'docker-archive', layout: 'classic' }

/** How to save, and what becomes of the images on the way. */
export interface ResaveSettings extends Partial<PrepareOptions> {
  readonly target?: WriteTarget
  readonly change?: (images: readonly Image[]) => readonly Image[]
}

/** The archive that came out, closed again, the codes of what was lost, and the archives that lost it. */
export interface Resaved {
  readonly after: ImageArchive
  readonly losses: readonly string[]
  readonly places: readonly string[]
}

/** What `save` does: reads archives, prepares their images, and writes them to `out.tar` in the folder. */
export async function resaved(
  folder: string,
  inputs: readonly ReadonlyMap<string, Uint8Array>[],
  { target = OCI_ARCHIVE, change = (images) => images, ...prepare }: ResaveSettings = {},
): Promise<Resaved> {
  const archives: ImageArchive[] = []
  try {
    for (const [at, members] of inputs.entries()) {
      const file = join(folder, `in-${String(at)}.tar`)
      await writeFile(file, packed(members))
      archives.push(await openArchive(file, context, { access: 'random' }))
    }
    const images = change(archives.flatMap((archive) => archive.images))
    await using sink = await openSink(target, { path: join(folder, 'out.tar'), force: true })
    const holds = compressionsOf(target)
    const prepared = await prepareImages(images, { compress: 'keep', holds, staging: sink, ...prepare }, context)
    const companions = await companionsFor(archives, prepared, hasIndex(target), context)
    const { carried, left: _, ...own } = companions
    await writeImages(sink, { images: prepared, companions: carried, ...own }, target, context)
    await sink.commit()
    const docker = target.format === 'docker-archive'
    const losses = lossesOf(images, prepared, { archives, docker, index: hasIndex(target), companions })
    const after = await openArchive(join(folder, 'out.tar'), context, { access: 'random' })
    await after[Symbol.asyncDispose]()
    return { after, losses: losses.map(({ code }) => code), places: losses.map(({ where }) => where.archive) }
  } finally {
    for (const archive of archives) await archive[Symbol.asyncDispose]()
  }
}
