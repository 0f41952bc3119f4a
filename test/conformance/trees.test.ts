import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { findingLog } from '../../src/model/finding-log.js'
import type { Layer } from '../../src/model/image.js'
import { mergedTree } from '../../src/tree/merged.js'
import type { Inode } from '../../src/tree/node.js'
import { walkTree } from '../../src/tree/tree.js'
import { CORPUS, expectedTrees, hasCorpus, readListing, type ExpectedNode } from './corpus-trees.js'

// Differences from what umoci unpacks, each with the reason why ours is held to be right.
// prettier-ignore
const HELD_TO_BE_RIGHT: Readonly<Record<string, string>> = {
  'hostile/h-dup-layer.tar one.txt': 'the member stands twice: skopeo gave umoci the first, dockerd takes the last, and so do we',
  'hostile/x-layer-aufs-meta.tar.gz .wh..wh.plnk': 'the books of AUFS are no part of the image',
  'hostile/x-layer-aufs-meta.tar.gz .wh..wh.plnk/1.2': 'the books of AUFS are no part of the image',
  'hostile/x-layer-aufs-meta.tar.gz h': 'its other name was in the books of AUFS',
  'hostile/x-layer-file-as-dir.tar.gz file': 'umoci gives the new directory the mode of the file that it replaced',
  'hostile/x-layer-hardlink-to-symlink.tar.gz s': 'the listing does not tell hard links between symlinks',
  'hostile/x-layer-numbers.tar.gz far': 'the file system of the listing holds no time in the year 10000',
  'hostile/x-layer-whiteout-as-dir.tar.gz .wh.dd': 'no name of an image begins with .wh. (image-spec, layer.md)',
  'hostile/x-layer-whiteout-as-dir.tar.gz .wh.dd/inside': 'no name of an image begins with .wh. (image-spec, layer.md)',
}

// Archives of which skopeo gave umoci another image than docker sees.
const OTHER_IMAGE: Readonly<Record<string, string>> = {
  'hostile/h-dup-manifest.tar': 'the second manifest.json, which dockerd takes, has no image',
}

// One corpus image is 1,500 levels deep.
const context = runContext({ limits: { ...DEFAULT_LIMITS, depth: 4096 } })

const trees = hasCorpus ? expectedTrees().filter(({ name }) => !(name in OTHER_IMAGE)) : []
const met = new Set<string>()
let images = 0
let entries = 0

describe.skipIf(!hasCorpus)('merged trees', () => {
  test.each(trees)('of $name, image $index, are those that umoci unpacks', async ({ name, index, listing }) => {
    await using archive = await openArchive(resolve(CORPUS, name), context, { access: 'random' })
    const expected = new Map(readListing(listing).map((node) => [pathOf(node), node]))
    const actual = await merge(archive.images[index]?.layers ?? [])
    images += 1
    entries += expected.size
    expect(differences(name, actual, expected)).toEqual([])
  })

  test('are compared in number', () => {
    console.log(`merged trees: ${images} images and ${entries} entries equal what umoci unpacked`)
    expect(images).toBeGreaterThan(130)
  })

  test('differ from umoci only where the table says so, and really there', () => {
    expect([...met].sort()).toEqual(Object.keys(HELD_TO_BE_RIGHT).sort())
  })
})

type Actual = Omit<ExpectedNode, 'path' | 'path_b64' | 'mtime_ns'> & { readonly implied: boolean }

function pathOf({ path, path_b64 }: ExpectedNode): string {
  return path_b64 === undefined
    ? Buffer.from(path ?? '').toString('latin1')
    : Buffer.from(path_b64, 'base64').toString('latin1')
}

async function merge(layers: readonly Layer[]): Promise<Map<string, Actual>> {
  const tree = await mergedTree(layers, findingLog('corpus'), context)
  const tars = await Promise.all(layers.map(bytesOf))
  const firsts = new Map<Inode, string>()
  const nodes = [...walkTree(tree)]
  for (const { path, node } of nodes) {
    const first = firsts.get(node.inode)
    if (first === undefined || path < first) firsts.set(node.inode, path)
  }
  return new Map(
    nodes.map(({ path, node }) => {
      const first = firsts.get(node.inode)
      const { type, linkPath, devMajor, devMinor } = node.inode
      return [
        path,
        {
          ...metadata(node.inode),
          ...(type === 'file' && { size: node.inode.size, sha256: sha256(contentOf(node.inode, tars)) }),
          ...(type === 'symlink' && { linkname: Buffer.from(linkPath, 'latin1').toString() }),
          ...(first !== path && first !== undefined && { hardlink_of: Buffer.from(first, 'latin1').toString() }),
          ...((type === 'char' || type === 'block') && { dev: [devMajor, devMinor] }),
          implied: node.header === undefined,
        },
      ]
    }),
  )
}

function metadata({
  type,
  mode,
  uid,
  gid,
  mtimeNs,
  xattrs,
}: Inode): Pick<Actual, 'type' | 'mode' | 'uid' | 'gid' | 'mtime'> {
  const values = Array.from(xattrs, ([name, value]) => [name, Buffer.from(value).toString('base64')] as const)
  return {
    type: type === 'directory' ? 'dir' : type,
    mode: `0o${mode.toString(8)}`,
    uid,
    gid,
    mtime: Number(BigInt.asIntN(64, mtimeNs / 1_000_000_000n)),
    ...(values.length > 0 && { xattrs: Object.fromEntries(values) }),
  }
}

function contentOf(inode: Inode, tars: readonly Uint8Array[]): Uint8Array {
  const { offset, length } = inode.content
  const stored = (tars[inode.layer] ?? new Uint8Array(0)).subarray(offset, offset + length)
  if (inode.sparse === undefined) return stored
  const bytes = new Uint8Array(inode.size)
  let at = 0
  for (const region of inode.sparse) {
    bytes.set(stored.subarray(at, at + region.length), region.offset)
    at += region.length
  }
  return bytes
}

function differences(name: string, actual: Map<string, Actual>, expected: Map<string, ExpectedNode>): string[] {
  const paths = new Set([...actual.keys(), ...expected.keys()])
  return [...paths].flatMap((path) => {
    const found = fieldsThatDiffer(actual.get(path), expected.get(path))
    if (found.length === 0 || !(`${name} ${path}` in HELD_TO_BE_RIGHT)) return found.map((text) => `${path}: ${text}`)
    met.add(`${name} ${path}`)
    return []
  })
}

const FIELDS = [
  'type',
  'mode',
  'uid',
  'gid',
  'mtime',
  'size',
  'sha256',
  'linkname',
  'hardlink_of',
  'dev',
  'xattrs',
] as const

function fieldsThatDiffer(a: Actual | undefined, b: ExpectedNode | undefined): string[] {
  if (a === undefined || b === undefined) return [a === undefined ? 'only in umoci' : 'only here']
  return FIELDS.flatMap((field) => {
    // When umoci made a directory that no entry describes, its time is that of the unpacking.
    if (field === 'mtime' && a.implied) return []
    const [x, y] = [JSON.stringify(a[field]), JSON.stringify(b[field])]
    return x === y ? [] : [`${field} ${x}, umoci ${y}`]
  })
}

async function bytesOf(layer: Layer): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of layer.tar(context)) parts.push(chunk.slice())
  return Buffer.concat(parts)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
