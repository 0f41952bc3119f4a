import type { RunContext } from '../../context.js'
import { findingLog } from '../../model/finding-log.js'
import type { Layer } from '../../model/image.js'
import { displayKey } from '../../tar/path.js'
import { fileContents } from '../../tree/file-contents.js'
import { mergedTree } from '../../tree/merged.js'
import type { Inode } from '../../tree/node.js'
import { tarBytes } from '../../tree/tar-bytes.js'
import { LAYER_PROFILE, memberWriter, type TarMember } from '../../tree/tar-members.js'
import { walkTree, type Located, type Tree } from '../../tree/tree.js'
import { measureLayers } from '../measure.js'
import { damagedFiles } from '../pinpoint/inside.js'
import type { SalvagedLayer } from './index.js'

/** What can be read of an image of which not all is there. */
export interface PartialExport {
  /** Names that are in it. */
  readonly entries: number
  /** Files that are not: their content is cut off, or a checksum says that it is damaged. */
  readonly leftOut: readonly string[]
  /** Indexes of layers that are missing, and of those of which not every file can be trusted. */
  readonly missing: readonly number[]
  readonly doubtful: readonly number[]
  readonly tar: () => AsyncIterable<Uint8Array>
}

/** Merges what is readable of the layers of an image into one tar. Errors: those of mergedTree and fileContents. */
export async function partialExport(salvaged: readonly SalvagedLayer[], context: RunContext): Promise<PartialExport> {
  const places = salvaged.flatMap(({ layer }, index) => (layer === undefined ? [] : [index]))
  const layers = salvaged.flatMap(({ layer }) => layer ?? []).map((layer, index): Layer => ({ ...layer, index }))
  const doubtful = places.filter((place) => salvaged[place]?.state === 'damaged')
  const tree = await mergedTree(layers, findingLog(''), context)
  const bad = await unreadable(tree, layers, new Set(doubtful.map((place) => places.indexOf(place))), context)
  const nodes = [...walkTree(tree)].filter(({ node }) => !bad.has(node.inode))
  const leftOut = [...walkTree(tree)].flatMap(({ path, node }) => (bad.has(node.inode) ? displayKey(path) : []))
  return {
    entries: nodes.length,
    leftOut,
    missing: salvaged.flatMap(({ layer }, index) => (layer === undefined ? index : [])),
    doubtful,
    async *tar() {
      const wanted = nodes.flatMap(({ node }) => (node.inode.size > 0 ? node.inode : []))
      await using contents = await fileContents(layers, wanted, context)
      yield* tarBytes(members(tree, nodes), contents, context)
    },
  }
}

function* members(tree: Tree, nodes: readonly Located[]): Generator<TarMember> {
  const writer = memberWriter(tree, LAYER_PROFILE)
  for (const node of nodes) yield writer.member(node)
}

/** Files whose content is not all there, or is known to be damaged. */
async function unreadable(
  tree: Tree,
  layers: readonly Layer[],
  doubtful: ReadonlySet<number>,
  context: RunContext,
): Promise<ReadonlySet<Inode>> {
  const measurements = await measureLayers(
    layers.filter(({ index }) => doubtful.has(index)),
    [],
    context,
  )
  const known = new Map<number, ReadonlySet<number>>()
  for (const index of doubtful) known.set(index, await damagedFiles(layers, index, context))
  const bad = new Set<Inode>()
  for (const { node } of walkTree(tree)) {
    const { inode } = node
    if (inode.type !== 'file' || !doubtful.has(inode.layer)) continue
    const layer = layers[inode.layer]
    const end = layer === undefined ? 0 : (measurements.of(layer)?.diffSize ?? 0)
    const isCut = inode.content.offset + inode.content.length > end
    if (isCut || known.get(inode.layer)?.has(inode.content.offset) === true) bad.add(inode)
  }
  return bad
}
