import { runContext } from '../../../src/context.js'
import type { Image } from '../../../src/model/image.js'
import { diff, type DiffOptions, type ImageDiff } from '../../../src/ops/diff/index.js'
import { imageOf, layersOf, type LayerEntry } from '../../support/layers.js'

export type Stack = readonly (readonly LayerEntry[])[]

/** An image of these layers, marked as a root filesystem, so that only files are compared. */
export function rootfsOf(...layers: Stack): Image {
  const image = imageOf(layersOf(...layers).map((layer) => ({ ...layer, isWhole: true })))
  return { ...image, configSource: { kind: 'absent', path: '' } }
}

/** The difference between two stacks of layers. */
export function diffOf(a: Stack, b: Stack, options: DiffOptions = {}): Promise<ImageDiff> {
  const operands = [
    { archive: 'a.tar', image: rootfsOf(...a) },
    { archive: 'b.tar', image: rootfsOf(...b) },
  ] as const
  return diff(...operands, options, runContext())
}

/** What changed, a line each: `~ path: fields`, `> path < from`. */
export function linesOf({ files }: ImageDiff): string[] {
  const signs = { added: '+', removed: '-', modified: '~', renamed: '>' }
  return files.map(({ change, path, from, fields }) => {
    const names = Object.keys(fields)
    const detail = names.length === 0 ? '' : `: ${names.join(' ')}`
    return `${signs[change]} ${path}${from === undefined ? '' : ` < ${from}`}${detail}`
  })
}
