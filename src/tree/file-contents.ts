import { drain, readChunks } from '../bytes/reader.js'
import type { ByteSource, OpenSource, Span } from '../bytes/source.js'
import { spool } from '../bytes/spool.js'
import type { RunContext } from '../context.js'
import { ArchiveError, refuseAborted } from '../errors.js'
import type { Layer } from '../model/image.js'
import { plainBlob } from './layer-entries.js'
import type { Inode } from './node.js'

/** Where the stored content of a file can be read, whatever its layer is compressed with. */
export interface ContentPlace {
  readonly source: ByteSource
  /** In `source`; `inode.content.length` bytes are there. */
  readonly offset: number
}

/** The contents of some files of a tree, to be read in any order and more than once. */
export interface FileContents extends AsyncDisposable {
  /** The place of a file's content. Errors: ERR_NOT_FOUND for one that was not asked for. */
  of(inode: Inode): ContentPlace
}

interface Spooled {
  readonly source: OpenSource
  readonly offsets: ReadonlyMap<number, number>
}

/**
 * Makes the contents of files readable at random: of layers that are stored plain as they lie there; of others, each is
 * read once, and what is wanted of it is written to a temporary file. `layers` are those that the tree was merged from.
 * Errors: those of `layer.tar`, ERR_TRUNCATED, ERR_IO when the disk is full.
 */
export async function fileContents(
  layers: readonly Layer[],
  wanted: Iterable<Inode>,
  context: RunContext,
): Promise<FileContents> {
  const plain = new Map<number, ByteSource>()
  const spooled = new Map<number, Spooled>()
  const contents: FileContents = {
    of(inode) {
      const source = plain.get(inode.layer)
      return source === undefined ? spooledPlace(spooled, inode) : { source, offset: inode.content.offset }
    },
    async [Symbol.asyncDispose]() {
      for (const { source } of spooled.values()) await source[Symbol.asyncDispose]()
    },
  }
  try {
    const packed = new Map<number, Map<number, Span>>()
    for (const { layer: index, content } of wanted) {
      if (content.length === 0 || plain.has(index)) continue
      const spans = packed.get(index)
      const layer = layers[index]
      if (spans !== undefined) spans.set(content.offset, content)
      else if (layer !== undefined) {
        const blob = await plainBlob(layer, context)
        if (blob === undefined) packed.set(index, new Map([[content.offset, content]]))
        else plain.set(index, blob)
      }
    }
    for (const [index, spans] of packed) {
      const layer = layers[index]
      if (layer !== undefined) spooled.set(index, await spoolLayer(layer, sorted(spans), context))
    }
    return contents
  } catch (error) {
    await contents[Symbol.asyncDispose]()
    throw error
  }
}

function spooledPlace(spooled: ReadonlyMap<number, Spooled>, inode: Inode): ContentPlace {
  const layer = spooled.get(inode.layer)
  const offset = layer?.offsets.get(inode.content.offset)
  if (layer !== undefined && offset !== undefined) return { source: layer.source, offset }
  throw new ArchiveError('ERR_NOT_FOUND', `a content of layer ${inode.layer} that was not kept`)
}

/** Where the contents lie, in the order of the tar and each once. */
function sorted(spans: ReadonlyMap<number, Span>): readonly Span[] {
  return [...spans.values()].sort((a, b) => a.offset - b.offset)
}

async function spoolLayer(layer: Layer, spans: readonly Span[], context: RunContext): Promise<Spooled> {
  const offsets = new Map<number, number>()
  let at = 0
  for (const { offset, length } of spans) {
    offsets.set(offset, at)
    at += length
  }
  const kept = counted(spansOf(layer, spans, context), layer, at, context)
  return { source: await spool(kept, layer.path, context.signal), offsets }
}

/** The bytes of some spans of a layer's tar, in order; the rest of the tar is not read. */
async function* spansOf(layer: Layer, spans: readonly Span[], context: RunContext): AsyncGenerator<Uint8Array> {
  const reader = readChunks(layer.tar(context))
  try {
    for (const { offset, length } of spans) {
      await drain(reader.take(offset - reader.offset))
      yield* reader.take(length)
      if (reader.offset < offset + length) {
        throw new ArchiveError('ERR_TRUNCATED', 'the layer became shorter while it was read', { location: layer.path })
      }
    }
  } finally {
    await reader.close()
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  { path }: Layer,
  total: number,
  context: RunContext,
): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of chunks) {
    refuseAborted(context.signal)
    yield chunk
    done += chunk.length
    context.onProgress?.({ task: 'unpack', subject: path, done, total })
  }
}
