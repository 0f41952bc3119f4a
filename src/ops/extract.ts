import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import type { Layer } from '../model/image.js'
import { chosen } from '../tree/choose.js'
import { linkedInodes } from '../tree/entry-node.js'
import { fileContents } from '../tree/file-contents.js'
import type { Inode } from '../tree/node.js'
import { plant, type Unplanted } from '../tree/plant.js'
import { walkTree, type Located, type Tree } from '../tree/tree.js'
import { globs, type Globs } from './globs.js'
import { wholeTree } from './merge-whole.js'

/** What to extract, and how. */
export interface ExtractOptions {
  /** As the user named it, for findings and errors. */
  readonly archive: string
  /** Patterns over whole paths, a slash before them or not; a directory brings all that is in it. None: everything. */
  readonly globs: readonly string[]
  /** Whether files get the owners of the image, which takes root. */
  readonly sameOwner: boolean
}

/** What can be extracted, before anything is written. */
export interface Extraction {
  /** What was odd about the layers. */
  readonly findings: readonly Finding[]
  readonly entries: number
  /** Bytes of all contents, those of hard links once. */
  readonly bytes: number
  /**
   * Writes into an empty directory, which the user knows as `location`; gives what could not be put there. Errors:
   * ERR_OUTPUT, those of fileContents.
   */
  into(directory: string, location: string): Promise<readonly Unplanted[]>
}

/**
 * Merges the layers of an image and picks files of the result. Errors: ERR_NOT_FOUND for a pattern that matches nothing;
 * those of globs and wholeTree.
 */
export async function extract(
  layers: readonly Layer[],
  { archive, globs: patterns, sameOwner }: ExtractOptions,
  context: RunContext,
): Promise<Extraction> {
  const wanted = globs(patterns)
  const { tree, findings } = await wholeTree(layers, archive, context)
  // All of a tree is walked anew each time: a list of it would be as large as the tree.
  const nodes = patterns.length === 0 ? { [Symbol.iterator]: () => walkTree(tree) } : picked(tree, wanted, archive)
  const linked = linkedInodes(tree)
  const { entries, bytes } = sumOf(nodes, linked)
  return {
    findings,
    entries,
    bytes,
    async into(directory, location) {
      const unplanted: Unplanted[] = []
      await using contents = await fileContents(layers, filesOf(nodes), context)
      const what = { tree, nodes, linked, count: entries, contents }
      const options = { location, sameOwner, onUnplanted: (one: Unplanted) => void unplanted.push(one) }
      await plant(directory, what, options, context)
      return unplanted
    },
  }
}

function sumOf(nodes: Iterable<Located>, linked: ReadonlySet<Inode>): Pick<Extraction, 'entries' | 'bytes'> {
  const seen = new Set<Inode>()
  let [entries, bytes] = [0, 0]
  for (const { node } of nodes) {
    const { inode } = node
    entries += 1
    if (seen.has(inode)) continue
    if (linked.has(inode)) seen.add(inode)
    bytes += inode.size
  }
  return { entries, bytes }
}

/** The files with a content; one that has several names comes with each. */
function* filesOf(nodes: Iterable<Located>): Generator<Inode, void> {
  for (const { node } of nodes) if (node.inode.size > 0) yield node.inode
}

/** What patterns match, in the order of the tree. */
function picked(tree: Tree, { matches, refuseUnused }: Globs, archive: string): readonly Located[] {
  const nodes = [...chosen(tree, matches)]
  // Names below a directory that is wanted as a whole were not asked for: what matches only them is no mistake.
  for (const { path } of nodes) matches(path)
  refuseUnused(archive)
  return nodes
}
