import { decompress, detectCompression, SNIFF_BYTES, type Compression } from '../bytes/compression.js'
import { diffIDOf, hasher, type DiffID } from '../bytes/digest.js'
import { readChunks } from '../bytes/reader.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { FindingCode } from '../findings.js'
import type { TarHandlers } from '../tar/decode.js'
import type { TarEnd } from '../tar/end.js'
import type { TarEntry } from '../tar/entry.js'
import { headerReplay } from '../tar/replay.js'
import { tarPusher } from '../tar/scan.js'
import { contentHasher, HASH_BYTES, hasContent, type ContentHasher } from './content-hashes.js'

/** A stretch of a layer, whole entries: their header blocks, and the hashes of those that have content, in order. */
export interface ContentsPart {
  readonly headers: Uint8Array
  /** 32 bytes a file; one less than there are files where the last content is cut off. */
  readonly hashes: Uint8Array
}

/** What one pass over a layer tells beside its entries and their hashes. */
export interface ContentsSummary {
  /** sha256 of all uncompressed bytes; absent where it was not asked for or they cannot be read to their end. */
  readonly diffID?: DiffID
  /** Uncompressed bytes, as far as they came. */
  readonly diffSize: number
  readonly compression: Compression
  /** Why the layer could not be read to its end. */
  readonly fault?: ContentsFault
}

/** What stopped the reading of a layer. */
export interface ContentsFault {
  readonly code: FindingCode
  readonly message: string
  /** Byte of the stored blob. */
  readonly offset?: number
  /** Byte of the uncompressed layer. */
  readonly layerOffset?: number
  readonly entry?: string
}

/** How to read. */
export interface ContentsOptions {
  readonly limits: Limits
  readonly location: string
  /** Whether the diffID is measured as well. */
  readonly diffID: boolean
  /** Whether files are hashed; without, only their headers are told. */
  readonly hashes: boolean
}

/**
 * Reads a layer once, stored bytes in: its headers and the sha256 of each file go to `onPart` in stretches, the diffID
 * comes of the same pass. Damage ends the reading and is told in the summary.
 */
export async function readContents(
  chunks: AsyncIterable<Uint8Array>,
  options: ContentsOptions,
  onPart: (part: ContentsPart) => void,
): Promise<ContentsSummary> {
  const reader = readChunks(chunks)
  const head = await reader.read(SNIFF_BYTES)
  const compression = detectCompression(head)
  const { limits, location } = options
  const layer = contentReader(options, onPart)
  try {
    const stored = prepended(head, reader.take(Number.MAX_SAFE_INTEGER))
    for await (const chunk of decompress(compression, stored, { limits, location })) layer.push(chunk)
  } catch (error) {
    if (!(error instanceof ArchiveError) || !isDamage(error)) throw error
    const { code, message, offset } = error
    const found = code === 'ERR_LIMIT' ? 'LIMIT_REACHED' : 'LAYER_COMPRESSION'
    const fault = { code: found, message, ...(offset !== undefined && { offset }) } as const
    return { diffSize: layer.end().size, compression, fault }
  } finally {
    await reader.close()
  }
  const { diffID, size, fault } = layer.end()
  return { diffSize: size, compression, ...(diffID && { diffID }), ...(fault && { fault }) }
}

function isDamage({ code }: ArchiveError): boolean {
  return code === 'ERR_COMPRESSION' || code === 'ERR_TRUNCATED' || code === 'ERR_LIMIT'
}

async function* prepended(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  yield* rest
}

interface ContentReader {
  push(chunk: Uint8Array): void
  end(): { readonly diffID?: DiffID; readonly size: number; readonly fault?: ContentsFault }
}

function contentReader(options: ContentsOptions, onPart: (part: ContentsPart) => void): ContentReader {
  const whole = options.diffID ? hasher() : undefined
  const parts = partMaker(onPart)
  let size = 0
  let current: ContentHasher | undefined
  const handlers: TarHandlers = {
    onEntry(entry) {
      current = options.hashes && hasContent(entry) ? contentHasher(entry, options.limits) : undefined
    },
    ...(options.hashes && { onContent: (_entry: TarEntry, chunk: Uint8Array) => current?.update(chunk) }),
    onContentEnd() {
      parts.entryEnd(current?.digest())
      current = undefined
    },
  }
  const pusher = tarPusher(handlers, options.limits, (bytes) => parts.header(bytes))
  return {
    push(chunk) {
      size += chunk.length
      whole?.update(chunk)
      pusher.push(chunk)
    },
    end() {
      const end = pusher.end()
      parts.end()
      return { size, ...(whole && { diffID: diffIDOf(whole.digest()) }), ...faultOf(end) }
    },
  }
}

function faultOf({ fault }: TarEnd): { fault?: ContentsFault } {
  if (fault === undefined) return {}
  const { kind, message, offset, entry } = fault
  const code = kind === 'limit' ? 'LIMIT_REACHED' : 'LAYER_TAR'
  return { fault: { code, message, layerOffset: offset, ...(entry !== undefined && { entry }) } }
}

const PART = 256 * 1024

interface PartMaker {
  header(bytes: Uint8Array): void
  entryEnd(hash: Uint8Array | undefined): void
  end(): void
}

function partMaker(onPart: (part: ContentsPart) => void): PartMaker {
  let headers = new Uint8Array(PART)
  let hashes = new Uint8Array((PART / 512) * HASH_BYTES)
  let [used, hashed] = [0, 0]
  const flush = () => {
    if (used === 0) return
    onPart({ headers: headers.slice(0, used), hashes: hashes.slice(0, hashed) })
    used = hashed = 0
  }
  return {
    header(bytes) {
      if (used + bytes.length > headers.length) headers = grown(headers, used + bytes.length)
      headers.set(bytes, used)
      used += bytes.length
    },
    entryEnd(hash) {
      if (hash !== undefined) {
        if (hashed === hashes.length) hashes = grown(hashes, hashed + HASH_BYTES)
        hashes.set(hash, hashed)
        hashed += HASH_BYTES
      }
      if (used >= PART) flush()
    },
    end: flush,
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, bytes.length * 2))
  larger.set(bytes)
  return larger
}

/** Takes parts of one layer, in order, and tells the entries that they hold, with the hash of each that has content. */
export function entriesOfParts(
  limits: Limits,
  onEntry: (entry: TarEntry, hash: Uint8Array | undefined) => void,
): (part: ContentsPart) => void {
  let hashes: Uint8Array = new Uint8Array(0)
  let at = 0
  const handle = (entry: TarEntry) => {
    const hash = hasContent(entry) && at < hashes.length ? hashes.subarray(at, at + HASH_BYTES) : undefined
    if (hash !== undefined) at += HASH_BYTES
    onEntry(entry, hash)
  }
  const replay = headerReplay({ onEntry: handle }, limits)
  return (part) => {
    hashes = part.hashes
    at = 0
    replay.push(part.headers)
  }
}
