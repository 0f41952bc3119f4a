import { gather } from '../bytes/gather.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Layer } from '../model/image.js'
import { displayKey, latin1Of } from '../tar/path.js'
import { fileContents } from '../tree/file-contents.js'
import type { Inode } from '../tree/node.js'
import { lookup, resolve } from '../tree/resolve.js'
import { contentPieces } from '../tree/tar-bytes.js'
import type { Tree } from '../tree/tree.js'
import { wholeTree } from './merge-whole.js'

/**
 * The contents of files of an image, one after the other, chunks valid until the next is asked for. Links are followed
 * inside the image, never out of it. All paths are looked up before the first byte is given. Errors: ERR_NOT_FOUND for a
 * path that leads to no file, ERR_LINK for a link that leads nowhere or in a circle; those of wholeTree, fileContents and tarBytes.
 */
export async function* readFiles(
  layers: readonly Layer[],
  { paths, archive }: { readonly paths: readonly string[]; readonly archive: string },
  context: RunContext,
): AsyncGenerator<Uint8Array, void> {
  const { tree } = await wholeTree(layers, archive, context)
  const inodes = paths.map((path) => fileAt(tree, path, archive))
  await using contents = await fileContents(layers, inodes, context)
  for (const inode of inodes) yield* gather(contentPieces(inode, contents, context.limits), context.signal)
}

// What tar calls them, in words.
const KINDS: Readonly<Partial<Record<Inode['type'], string>>> = {
  char: 'character device',
  block: 'block device',
  fifo: 'named pipe',
}

function fileAt(tree: Tree, path: string, location: string): Inode {
  const name = latin1Of(path)
  const inode = lookup(tree, name)?.node.inode
  if (inode?.type === 'file') return inode
  const link = inode === undefined ? lookup(tree, name, false)?.node.inode : undefined
  if (link?.type !== 'symlink') {
    throw noFile(inode, path, location)
  }
  const end = resolve(tree, name, { followLast: true }) === undefined ? 'which leads in a circle' : 'where nothing is'
  const target = displayKey(link.linkPath)
  throw new ArchiveError('ERR_LINK', `${path}: a link to ${target}, ${end}`, { location })
}

function noFile(inode: Inode | undefined, path: string, location: string): ArchiveError {
  if (inode === undefined) {
    const hint = `imgtar blame ${location} ${path} tells whether a layer ever had it`
    return new ArchiveError('ERR_NOT_FOUND', `${path}: no such file in the image`, { location, hint })
  }
  const hint = inode.type === 'directory' ? `imgtar ls ${location} ${path} lists it` : undefined
  const message = `${path}: a ${KINDS[inode.type] ?? inode.type}, and no file`
  return new ArchiveError('ERR_NOT_FOUND', message, { location, ...(hint !== undefined && { hint }) })
}
