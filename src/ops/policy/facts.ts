import type { RunContext } from '../../context.js'
import { findingLog } from '../../model/finding-log.js'
import type { Image } from '../../model/image.js'
import { mergedTree } from '../../tree/merged.js'
import { walkTree, type Located, type Tree } from '../../tree/tree.js'
import { efficiency, type Efficiency } from '../efficiency.js'
import { readable } from '../list-rows.js'
import type { Measurements } from '../measure.js'
import { storedFiles, type StoredFile } from '../stored-files.js'

/** What a rule compares an image with. */
export interface Baseline {
  /** As the user named it. */
  readonly archive: string
  readonly images: readonly { readonly names: readonly string[]; readonly total: number | undefined }[]
}

/** A file of the merged tree with its name as text. */
export interface NamedFile extends Located {
  /** Without a leading slash. */
  readonly name: string
}

/** What rules ask of an image; each answer is found once, when it is first asked for. */
export interface ImageFacts {
  readonly image: Image
  readonly archive: string
  readonly context: RunContext
  readonly measurements: Measurements
  readonly baseline: Baseline | undefined
  tree(): Promise<Tree>
  files(): Promise<readonly NamedFile[]>
  stored(): Promise<Iterable<StoredFile>>
  efficiency(): Promise<Efficiency>
}

/** What is given about an image. */
export type GivenFacts = Pick<ImageFacts, 'image' | 'archive' | 'context' | 'measurements' | 'baseline'>

/** Facts about an image. What is odd about its layers is told by their verification, not here. */
export function imageFacts(given: GivenFacts): ImageFacts {
  const { image, archive, context } = given
  const tree = once(() => mergedTree(image.layers, findingLog(archive), context))
  return {
    ...given,
    tree,
    files: once(async () => [...walkTree(await tree())].map((item) => ({ ...item, name: readable(item.path) }))),
    stored: once(() => storedFiles(image, findingLog(archive), context, { hashed: false })),
    efficiency: once(() => efficiency(image, archive, context)),
  }
}

function once<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined
  return () => (found ??= find())
}

/** Uncompressed bytes of all layers; undefined where one could not be measured. */
export function totalOf(image: Image, measurements: Measurements): number | undefined {
  return summed(image.layers.map((layer) => measurements.of(layer)?.diffSize))
}

/** The sum, undefined where a part is. */
export function summed(parts: readonly (number | undefined)[]): number | undefined {
  return parts.reduce<number | undefined>(
    (sum, part) => (sum === undefined || part === undefined ? undefined : sum + part),
    0,
  )
}
