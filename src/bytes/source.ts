import { readSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { ArchiveError, refuseAborted, toArchiveError } from '../errors.js'

// Large enough that the cost of a read does not show, small enough to stay in the cache.
const CHUNK = 256 * 1024

/** A range of bytes. */
export interface Span {
  readonly offset: number
  readonly length: number
}

/** Bytes that can be read again, at any offset, by several readers at once. */
export interface ByteSource {
  /** For messages: `image.tar › blobs/sha256/4e…`. */
  readonly location: string
  readonly size: number
  /** Where a worker thread finds the same bytes: a file of the system and the offset of our first byte in it. */
  readonly place?: { readonly file: string; readonly offset: number }
  /** Exactly that many bytes, or ERR_TRUNCATED; in `into`, which is as long, or in memory that the caller owns then. */
  read(span: Span, signal?: AbortSignal, into?: Uint8Array): Promise<Uint8Array>
  /**
   * Fills `into` with the bytes from `offset` on before it returns: a third of the price of `read`, for those who read
   * much and let the event loop have its turn between. Absent where that cannot be. Throws what `read` rejects with.
   */
  readonly readInto?: (into: Uint8Array, offset: number) => void
}

/** Bytes that can be read again, or once, in order. */
export type Bytes = ByteSource | AsyncIterable<Uint8Array>

/** Whether bytes can be read again. Streams of Node, which can not, have a method `read` too. */
export function isSource(bytes: Bytes): bytes is ByteSource {
  return !(Symbol.asyncIterator in bytes)
}

/** A source that holds something open. */
export interface OpenSource extends ByteSource, AsyncDisposable {}

function truncated(source: ByteSource, span: Span): ArchiveError {
  return new ArchiveError(
    'ERR_TRUNCATED',
    `needs ${span.length} bytes at offset ${span.offset}, but there are ${source.size}`,
    {
      location: source.location,
      offset: source.size,
    },
  )
}

/** Whether a span lies inside a source; sizes of an archive are hostile until asked this. */
function holds(source: ByteSource, span: Span): boolean {
  return span.offset >= 0 && span.length >= 0 && span.offset + span.length <= source.size
}

/** Opens a file of the system for positional reads. Errors: ERR_NOT_FOUND, ERR_IO. */
export async function fileSource(file: string, location = file): Promise<OpenSource> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  const { size } = await handle.stat()
  const readInto = (into: Uint8Array, offset: number): void => {
    const span = { offset, length: into.length }
    if (!holds(source, span)) throw truncated(source, span)
    readNow(handle.fd, into, offset, location)
  }
  const source: OpenSource = {
    location,
    size,
    place: { file, offset: 0 },
    readInto,
    async read(span, signal, into) {
      refuseAborted(signal)
      if (!holds(source, span)) throw truncated(source, span)
      const bytes = into ?? new Uint8Array(span.length)
      await readFully(handle, bytes, span, location)
      return bytes
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
  return source
}

async function readFully(handle: FileHandle, bytes: Uint8Array, span: Span, location: string): Promise<void> {
  let filled = 0
  while (filled < bytes.length) {
    const rest = bytes.length - filled
    const { bytesRead } = await handle.read(bytes, filled, rest, span.offset + filled).catch((cause: unknown) => {
      throw toArchiveError(cause, { location })
    })
    if (bytesRead === 0) throw becameShorter(location, span.offset + filled)
    filled += bytesRead
  }
}

function readNow(file: number, into: Uint8Array, offset: number, location: string): void {
  let filled = 0
  while (filled < into.length) {
    const count = readSome(file, into.subarray(filled), offset + filled, location)
    if (count === 0) throw becameShorter(location, offset + filled)
    filled += count
  }
}

function readSome(file: number, into: Uint8Array, offset: number, location: string): number {
  try {
    return readSync(file, into, 0, into.length, offset)
  } catch (cause) {
    throw toArchiveError(cause, { location })
  }
}

function becameShorter(location: string, offset: number): ArchiveError {
  return new ArchiveError('ERR_TRUNCATED', 'the file became shorter while it was read', { location, offset })
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array, location: string): ByteSource {
  const source: ByteSource = {
    location,
    size: bytes.length,
    read(span, _, into) {
      if (!holds(source, span)) return Promise.reject(truncated(source, span))
      const part = bytes.subarray(span.offset, span.offset + span.length)
      if (into === undefined) return Promise.resolve(part.slice())
      into.set(part)
      return Promise.resolve(into)
    },
    readInto(into, offset) {
      const span = { offset, length: into.length }
      if (!holds(source, span)) throw truncated(source, span)
      into.set(bytes.subarray(offset, offset + into.length))
    },
  }
  return source
}

/** A part of a source as a source of its own; the part must lie inside. */
export function slice(source: ByteSource, span: Span, location: string): ByteSource {
  if (!holds(source, span)) throw truncated(source, span)
  const { place, readInto } = source
  const part: ByteSource = {
    location,
    size: span.length,
    ...(place && { place: { file: place.file, offset: place.offset + span.offset } }),
    ...(readInto && {
      readInto(into, offset) {
        const inner = { offset, length: into.length }
        if (!holds(part, inner)) throw truncated(part, inner)
        readInto(into, span.offset + offset)
      },
    }),
    read(inner, signal, into) {
      if (!holds(part, inner)) return Promise.reject(truncated(part, inner))
      return source.read({ offset: span.offset + inner.offset, length: inner.length }, signal, into)
    },
  }
  return part
}

/** The bytes of a source in order, in chunks of at most 256 KiB that the caller owns. */
export async function* chunksOf(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += CHUNK) {
    yield await source.read({ offset, length: Math.min(CHUNK, source.size - offset) }, signal)
  }
}

/** The same for who is done with a chunk when the next is asked for: all of them come in one piece of memory. */
export async function* lentChunksOf(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(CHUNK, source.size))
  for (let offset = 0; offset < source.size; offset += CHUNK) {
    const into = buffer.subarray(0, Math.min(CHUNK, source.size - offset))
    yield await source.read({ offset, length: into.length }, signal, into)
  }
}
