import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChunkMemory } from '../bytes/chunk-memory.js'
import { SNIFF_BYTES } from '../bytes/compression.js'
import { readAhead } from '../bytes/read-ahead.js'
import { firstBytes, prepended } from '../bytes/reader.js'
import { fileSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, toArchiveError } from '../errors.js'
import type { RootfsInput } from '../ops/import.js'
import { streamAt } from './archives.js'

/** Opens `[rootfs:]PATH` to be read once: a tar, a directory as docker would export it, `-` for stdin. */
export async function openRootfs(operand: string, context: RunContext): Promise<RootfsInput & AsyncDisposable> {
  const isCertain = operand.startsWith('rootfs:')
  const location = isCertain ? operand.slice('rootfs:'.length) : operand
  const stream = await streamAt(location, context)
  if (stream !== undefined) {
    const chunks = stream[Symbol.asyncIterator]()
    const head = await firstBytes(chunks, SNIFF_BYTES)
    const open = (): AsyncIterable<Uint8Array> => prepended(head.chunks, chunks)
    return { location, head: head.bytes, open, isCertain, [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const status = await stat(location).catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  if (status.isDirectory()) {
    if (!isCertain) await refuseLayout(location)
    return openDirectory(location, context)
  }
  const source = await fileSource(location)
  const { size } = source
  const head = await source.read({ offset: 0, length: Math.min(SNIFF_BYTES, size) })
  const open = (memory?: ChunkMemory): AsyncIterable<Uint8Array> => readAhead(source, context.signal, memory)
  const close = (): Promise<void> => Promise.resolve(source[Symbol.asyncDispose]())
  return { location, head, open, size, isCertain, [Symbol.asyncDispose]: close }
}

/** Refuses a directory that holds images, where files of an image are wanted. Errors: ERR_NOT_ARCHIVE. */
export async function refuseLayout(path: string): Promise<void> {
  if ((await stat(join(path, 'oci-layout')).catch(() => undefined))?.isFile() !== true) return
  throw new ArchiveError('ERR_NOT_ARCHIVE', 'this is an OCI image layout, and no root filesystem', {
    location: path,
    hint: `imgtar export gives the files of an image; rootfs:${path} takes it as it lies there`,
  })
}

async function openDirectory(location: string, context: RunContext): Promise<RootfsInput & AsyncDisposable> {
  const { openArchive } = await import('../formats/index.js')
  const archive = await openArchive(location, context, { transport: 'rootfs' })
  const chunks = archive.images[0]?.layers[0]?.tar(context) ?? []
  async function* open(): AsyncGenerator<Uint8Array> {
    yield* chunks
  }
  const close = (): Promise<void> => Promise.resolve(archive[Symbol.asyncDispose]())
  return { location, head: new Uint8Array(0), open, isCertain: true, [Symbol.asyncDispose]: close }
}
