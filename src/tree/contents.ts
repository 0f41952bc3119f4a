import { decompress, detectCompression, SNIFF_BYTES, type Compression } from '../bytes/compression.js'
import { diffIDOf, hasher, type DiffID } from '../bytes/digest.js'
import { readChunks } from '../bytes/reader.js'
import type { ByteSource } from '../bytes/source.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { FindingCode } from '../findings.js'
import type { TarHandlers } from '../tar/decode.js'
import type { TarEnd } from '../tar/end.js'
import type { TarEntry } from '../tar/entry.js'
import { tarPusher, type ScanContext } from '../tar/scan.js'
import { scanHeaders, type HeaderHandlers } from '../tar/scan-headers.js'
import { speller, type Spelling } from '../tar/spelling.js'
import { contentHasher, HASH_BYTES, hasContent, type ContentHasher } from './content-hashes.js'
import { entryRecords, readEntryRecords, type RecordedEntry } from './entry-records.js'

/** A stretch of a layer, whole entries: their records, and the hashes of those that have content, in order. */
export interface ContentsPart {
  readonly entries: Uint8Array<ArrayBuffer>
  /** 32 bytes a file; one less than there are files where the last content is cut off. */
  readonly hashes: Uint8Array<ArrayBuffer>
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
  /** Whether it is told how the headers of each entry are written. */
  readonly spelling?: boolean
}

/** Takes the entries of a layer in order. */
export interface ContentsTaker {
  entry(entry: TarEntry, spelling: Spelling | undefined): void
  /** After the last byte of its content: the sha256 where it was asked for. Not called where the content is cut off. */
  entryEnd(hash: Uint8Array | undefined): void
  end(): void
}

/**
 * Reads a layer once, stored bytes in: its entries and the sha256 of each file go to `taker`, the diffID comes of the
 * same pass. Of a chunk nothing is kept when the next is asked for. Damage ends the reading and is told in the summary.
 */
export async function readContents(
  chunks: AsyncIterable<Uint8Array>,
  options: ContentsOptions,
  taker: ContentsTaker,
): Promise<ContentsSummary> {
  const reader = readChunks(chunks)
  const head = await reader.read(SNIFF_BYTES)
  const compression = detectCompression(head)
  const { limits, location } = options
  const layer = contentReader(options, taker)
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

/** The members of a layer that is stored uncompressed, its contents hopped over: what can be told of them without. */
export async function readHeadersAlone(
  source: ByteSource,
  handlers: HeaderHandlers,
  context: ScanContext,
): Promise<ContentsSummary> {
  const end = await scanHeaders(source, handlers, context)
  return { diffSize: source.size, compression: 'none', ...faultOf(end) }
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

function contentReader(options: ContentsOptions, taker: ContentsTaker): ContentReader {
  const whole = options.diffID ? hasher() : undefined
  let size = 0
  let current: ContentHasher | undefined
  const headers = options.spelling === true ? speller() : undefined
  const handlers: TarHandlers = {
    onEntry(entry) {
      taker.entry(entry, headers && { headers: headers.take(), names: `${entry.uname}:${entry.gname}` })
      current = options.hashes && hasContent(entry) ? contentHasher(entry, options.limits) : undefined
    },
    ...(options.hashes && { onContent: (_entry: TarEntry, chunk: Uint8Array) => current?.update(chunk) }),
    onContentEnd() {
      taker.entryEnd(current?.digest())
      current = undefined
    },
  }
  const pusher = tarPusher(handlers, options.limits, headers && ((bytes) => headers.add(bytes)))
  return {
    push(chunk) {
      size += chunk.length
      whole?.update(chunk)
      pusher.push(chunk)
    },
    end() {
      const end = pusher.end()
      taker.end()
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

/** A taker that hands entries on in stretches, as bytes for another thread. */
export function takeParts(onPart: (part: ContentsPart) => void): ContentsTaker {
  const entries = entryRecords()
  let hashes = new Uint8Array(1024 * HASH_BYTES)
  let hashed = 0
  const flush = () => {
    if (entries.size === 0) return
    onPart({ entries: entries.take(), hashes: hashes.slice(0, hashed) })
    hashed = 0
  }
  return {
    entry: (entry, spelling) => entries.add(entry, spelling),
    entryEnd(hash) {
      if (hash !== undefined) {
        if (hashed === hashes.length) hashes = doubled(hashes)
        hashes.set(hash, hashed)
        hashed += HASH_BYTES
      }
      if (entries.size >= PART) flush()
    },
    end: flush,
  }
}

function doubled(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}

/** Hears of an entry when its content has passed, with the hash of that; a view, if any. */
export type HashedEntryHandler = (entry: RecordedEntry, hash: Uint8Array | undefined) => void

/** A taker that tells each entry at once. */
export function takeEntries(onEntry: HashedEntryHandler): ContentsTaker {
  let open: RecordedEntry | undefined
  const tell = (hash: Uint8Array | undefined) => {
    if (open !== undefined) onEntry(open, hash)
    open = undefined
  }
  return {
    entry: (entry, spelling) => void (open = spelling === undefined ? entry : { ...entry, spelling }),
    entryEnd: tell,
    end: () => tell(undefined),
  }
}

/** Takes parts of one layer, in order, and tells the entries that they hold, with the hash of each that has content. */
export function entriesOfParts(onEntry: HashedEntryHandler): (part: ContentsPart) => void {
  return ({ entries, hashes }) => {
    let at = 0
    for (const entry of readEntryRecords(entries)) {
      const hash = hasContent(entry) && at < hashes.length ? hashes.subarray(at, at + HASH_BYTES) : undefined
      if (hash !== undefined) at += HASH_BYTES
      onEntry(entry, hash)
    }
  }
}
