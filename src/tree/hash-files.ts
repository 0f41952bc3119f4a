import { createHash } from 'node:crypto'
import { chunksOf, slice, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import { scanChunks } from '../tar/scan.js'
import { contentHasher, type ContentHasher } from './content-hashes.js'
import { plainBlob } from './layer-entries.js'
import type { Inode } from './node.js'

/**
 * sha256 of the contents of some files of a merged tree. Each layer that holds some of them is read once, a plain one
 * only where they lie. Files that are cut off are missing. Errors: those of `layer.tar`, ERR_IO, ERR_ABORTED.
 */
export async function hashFiles(
  layers: readonly Layer[],
  files: ReadonlySet<Inode>,
  context: RunContext,
): Promise<ReadonlyMap<Inode, Uint8Array>> {
  const hashes = new Map<Inode, Uint8Array>()
  for (const layer of layers) {
    const inodes = [...files].filter((inode) => inode.layer === layer.index)
    if (inodes.length === 0 || layer.state === 'missing') continue
    const blob = await plainBlob(layer, context)
    // Where the holes of a sparse file lie is told by the entry alone.
    if (blob === undefined || inodes.some(({ sparse }) => sparse !== undefined)) {
      await hashPassing(layer, inodes, hashes, context)
    } else {
      for (const inode of inodes) if (isInside(inode, blob)) hashes.set(inode, await hashPlain(inode, blob, context))
    }
  }
  return hashes
}

function isInside({ content }: Inode, blob: ByteSource): boolean {
  return content.offset + content.length <= blob.size
}

async function hashPlain({ content }: Inode, blob: ByteSource, { signal }: RunContext): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of chunksOf(slice(blob, content, blob.location), signal)) hash.update(chunk)
  return hash.digest()
}

async function hashPassing(
  layer: Layer,
  inodes: readonly Inode[],
  hashes: Map<Inode, Uint8Array>,
  context: RunContext,
): Promise<void> {
  const wanted = new Map(inodes.map((inode) => [inode.content.offset, inode]))
  let current: ContentHasher | undefined
  const handlers = {
    onEntry: (entry: Parameters<typeof contentHasher>[0]) => {
      current =
        wanted.has(entry.content.offset) && entry.type === 'file' ? contentHasher(entry, context.limits) : undefined
    },
    onContent: (_: unknown, chunk: Uint8Array) => current?.update(chunk),
    onContentEnd: ({ content }: Parameters<typeof contentHasher>[0]) => {
      const inode = wanted.get(content.offset)
      if (inode !== undefined && current !== undefined) hashes.set(inode, current.digest())
      current = undefined
    },
  }
  await scanChunks(layer.tar(context), handlers, context)
}
