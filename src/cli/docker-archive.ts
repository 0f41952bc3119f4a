import type { ArchiveWriter } from '../ops/archive-writer.js'

/**
 * Writes images as one docker archive that every engine loads, layers as they are stored; where no place is given, only as
 * if. Gives how many bytes it has. Errors: those of prepareImages and writeImages.
 */
export const writeDockerArchive: ArchiveWriter = async (images, place, context) => {
  const [{ prepareImages }, writers] = await Promise.all([
    import('../ops/prepare.js'),
    import('../formats/write/index.js'),
  ])
  const target = { format: 'docker-archive', layout: 'universal' } as const
  await using sink = place === undefined ? writers.nullSink('nowhere') : await writers.openSink(target, place)
  const options = { compress: 'keep', holds: writers.compressionsOf(target), staging: sink } as const
  await writers.writeImages(sink, { images: await prepareImages(images, options, context) }, target, context)
  return await sink.commit()
}
