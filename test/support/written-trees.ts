import fc from 'fast-check'
import { runContext } from '../../src/context.js'
import type { Layer } from '../../src/model/image.js'
import { gather } from '../../src/bytes/gather.js'
import { latin1 } from '../../src/tar/path.js'
import { fileContents } from '../../src/tree/file-contents.js'
import type { Inode } from '../../src/tree/node.js'
import { contentPieces } from '../../src/tree/tar-bytes.js'
import { walkTree, type Tree } from '../../src/tree/tree.js'
import { collect } from './chunks.js'
import type { LayerEntry } from './layers.js'
import { mergeLayers } from './trees.js'

/** Everything that a tree holds, a line a name: links by the first name of their inode, contents as they are. */
export async function wholeTreeLines(layers: readonly Layer[]): Promise<string[]> {
  const { tree } = await mergeLayers(layers)
  return treeLines(tree, layers)
}

/** The lines of a tree that was merged from these layers. */
async function treeLines(tree: Tree, layers: readonly Layer[]): Promise<string[]> {
  const context = runContext()
  const nodes = [...walkTree(tree)]
  const files = new Set(nodes.map(({ node }) => node.inode).filter(({ size }) => size > 0))
  await using contents = await fileContents(layers, files, context)
  const firsts = new Map<Inode, string>()
  const lines: string[] = []
  for (const { path, node } of nodes) {
    const { inode } = node
    const first = firsts.get(inode) ?? path
    firsts.set(inode, first)
    const content = latin1(await collect(gather(contentPieces(inode, contents, context.limits))))
    const { type, mode, uid, gid, size, mtimeNs, linkPath, devMajor, devMinor } = inode
    const xattrs = Array.from(inode.xattrs, ([name, value]) => `${name}=${latin1(value)}`).join()
    const numbers = [mode.toString(8), uid, gid, size, mtimeNs, devMajor, devMinor].join(' ')
    lines.push([path, type, numbers, linkPath, first, xattrs, content].join(' | '))
  }
  return lines
}

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const metadata = {
  mode: fc.constantFrom(0o644, 0o4755, 0o1777, 0),
  uid: fc.constantFrom(0, 1000, 3_000_000),
  mtimeNs: fc.constantFrom(1_700_000_000_000_000_000n, 1_700_000_000_500_000_000n, -1_500_000_000n),
}
const content = fc.constantFrom('', 'x', 'a content', 'y'.repeat(600))
const inDirectory = (directory: string, base: string) => (directory === '' ? base : `${directory}/${base}`)
const entry: fc.Arbitrary<LayerEntry> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ path, type: fc.constant('file' as const), content, ...metadata }) },
  { weight: 3, arbitrary: fc.record({ path, type: fc.constant('directory' as const), ...metadata }) },
  { weight: 1, arbitrary: fc.record({ path, type: fc.constant('fifo' as const), ...metadata }) },
  { weight: 1, arbitrary: fc.record({ path, type: fc.constant('symlink' as const), linkPath: path }) },
  { weight: 2, arbitrary: fc.record({ path, type: fc.constant('hardlink' as const), linkPath: path }) },
  {
    weight: 2,
    arbitrary: path.map((gone): LayerEntry => {
      const slash = gone.lastIndexOf('/')
      return { path: inDirectory(gone.slice(0, Math.max(0, slash)), `.wh.${gone.slice(slash + 1)}`) }
    }),
  },
  { weight: 1, arbitrary: path.map((at): LayerEntry => ({ path: `${at}/.wh..wh..opq` })) },
)

/** Layers that get into each other's way: few names, every type, whiteouts and links. */
export const entangledLayers: fc.Arbitrary<LayerEntry[][]> = fc.array(fc.array(entry, { maxLength: 8 }), {
  minLength: 1,
  maxLength: 4,
})
