import type { FindingReport } from '../model/report.js'
import { readable } from './escape.js'

/**
 * A place inside an archive in words: member, byte, layer, entry; empty where it is the archive itself. Names are as
 * `shown` gives them, the longest without their middle: where they are left as they are, the writer of a format escapes the
 * words.
 */
export function placeInWords(
  where: Partial<FindingReport['where']>,
  shown: (name: string) => string = (name) => name,
): string {
  const { path = '', offset, layer, entry = '', layerOffset } = where
  const parts = [
    path === '' ? undefined : shown(readable(path)),
    offset === undefined ? undefined : `byte ${offset}`,
    layer === undefined ? undefined : `layer ${layer}`,
    entry === '' ? undefined : `entry ${shown(readable(entry))}`,
    layerOffset === undefined ? undefined : `byte ${layerOffset} of the layer`,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}
