import type { FindingReport } from '../model/report.js'

/** A place inside an archive in words, as it is: the writer of a format escapes it. Empty where it is the archive itself. */
export function placeInWords(where: Partial<FindingReport['where']>): string {
  const parts = [
    where.path === undefined || where.path === '' ? undefined : where.path,
    where.offset === undefined ? undefined : `byte ${where.offset}`,
    where.layer === undefined ? undefined : `layer ${where.layer}`,
    where.entry === undefined ? undefined : `entry ${where.entry}`,
    where.layerOffset === undefined ? undefined : `byte ${where.layerOffset} of the layer`,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}
