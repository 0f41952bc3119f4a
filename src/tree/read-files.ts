import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import { scanChunks } from '../tar/scan.js'
import { plainBlob } from './layer-entries.js'
import type { Located } from './tree.js'

/** What to read of a tree. */
export interface FilesToRead {
  readonly layers: readonly Layer[]
  readonly files: readonly Located[]
  /** Larger files are left out. */
  readonly most: number
  /** A file with its content, as it is read. */
  readonly onFile: (file: Located, content: Uint8Array) => void
}

/**
 * Reads files of a merged tree: each layer that holds some of them is read once, a plain one only where they lie. What is
 * no file, too large, sparse or cut off is left out. Errors: those of `layer.tar`, ERR_IO, ERR_ABORTED.
 */
export async function readFiles(wanted: FilesToRead, context: RunContext): Promise<void> {
  const byLayer = new Map<number, Located[]>()
  for (const file of wanted.files) {
    const { type, size, sparse, layer } = file.node.inode
    if (type !== 'file' || size > wanted.most || sparse !== undefined) continue
    if (size === 0) wanted.onFile(file, new Uint8Array(0))
    else pushTo(byLayer, layer, file)
  }
  for (const [index, files] of [...byLayer].sort(([a], [b]) => a - b)) {
    const layer = wanted.layers[index]
    if (layer === undefined || layer.state === 'missing') continue
    const plain = await plainBlob(layer, context)
    if (plain === undefined) await readPassing(layer, files, wanted.onFile, context)
    else await readPlain(plain, files, wanted.onFile, context)
  }
}

function pushTo(map: Map<number, Located[]>, key: number, file: Located): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [file])
  else list.push(file)
}

async function readPlain(
  blob: ByteSource,
  files: readonly Located[],
  onFile: FilesToRead['onFile'],
  { signal }: RunContext,
): Promise<void> {
  for (const file of files) {
    const { offset, length } = file.node.inode.content
    if (offset + length <= blob.size) onFile(file, await blob.read({ offset, length }, signal))
  }
}

async function readPassing(
  layer: Layer,
  files: readonly Located[],
  onFile: FilesToRead['onFile'],
  context: RunContext,
): Promise<void> {
  const wanted = new Map<number, { files: Located[]; content: Uint8Array; at: number }>()
  for (const file of files) {
    const { offset } = file.node.inode.content
    const found = wanted.get(offset)
    if (found === undefined) wanted.set(offset, { files: [file], content: new Uint8Array(0), at: 0 })
    else found.files.push(file)
  }
  const last = files.reduce((end, { node }) => Math.max(end, node.inode.content.offset + node.inode.content.length), 0)
  const take = (offset: number, length: number, chunk: Uint8Array) => {
    const found = wanted.get(offset)
    if (found === undefined) return
    if (found.at === 0) found.content = new Uint8Array(length)
    found.content.set(chunk, found.at)
    found.at += chunk.length
    if (found.at < length) return
    wanted.delete(offset)
    for (const file of found.files) onFile(file, found.content)
  }
  await scanChunks(
    cutAfter(layer.tar(context), last),
    { onEntry: () => undefined, onContent: ({ content }, chunk) => take(content.offset, content.length, chunk) },
    context,
  )
}

/** Nothing behind the last file that is wanted needs to be decompressed. */
async function* cutAfter(chunks: AsyncIterable<Uint8Array>, end: number): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of chunks) {
    yield chunk
    done += chunk.length
    if (done >= end) return
  }
}
