import { decompress, detectCompression, SNIFF_BYTES, type Compression } from '../bytes/compression.js'
import { diffIDOf, hasher, type DiffID } from '../bytes/digest.js'
import { firstBytes, prepended } from '../bytes/reader.js'
import type { ByteSource } from '../bytes/source.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { explained } from '../model/finding-log.js'
import type { TarHandlers } from '../tar/decode.js'
import type { TarEnd } from '../tar/end.js'
import type { Notice } from '../tar/measurement.js'
import { plainPusher } from '../tar/push-plain.js'
import { tarPusher, type ScanContext, type TarPusher } from '../tar/scan.js'
import { scanHeaders, type HeaderHandlers } from '../tar/scan-headers.js'
import { speller } from '../tar/spelling.js'
import { contentHasher, hasContent, plainHasher, type ContentHasher } from './content-hashes.js'
import type { ContentsTaker } from './contents-takers.js'

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
export type ContentsFault = Omit<Notice, 'fault'>

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

/**
 * Reads a layer once, stored bytes in: its entries and the sha256 of each file go to `taker`, the diffID comes of the
 * same pass. Of a chunk nothing is kept when the next is asked for. Damage ends the reading and is told in the summary.
 */
export async function readContents(
  chunks: AsyncIterable<Uint8Array>,
  options: ContentsOptions,
  taker: ContentsTaker,
): Promise<ContentsSummary> {
  const source = chunks[Symbol.asyncIterator]()
  const head = await firstBytes(source, SNIFF_BYTES)
  const compression = detectCompression(head.bytes)
  const { limits, location } = options
  const layer = contentReader(options, taker)
  let isTaking = false
  try {
    const stored = prepended(head.chunks, source)
    for await (const chunk of decompress(compression, stored, { limits, location })) {
      isTaking = true
      layer.push(chunk)
      isTaking = false
    }
  } catch (error) {
    // What the taker throws is no fault of the layer.
    if (isTaking || !(error instanceof ArchiveError) || !isDamage(error)) throw error
    const { code, offset } = error
    const found = code === 'ERR_LIMIT' ? 'LIMIT_REACHED' : 'LAYER_COMPRESSION'
    const fault = { code: found, message: explained(error), ...(offset !== undefined && { offset }) } as const
    return { diffSize: layer.end().size, compression, fault }
  } finally {
    await source.return?.()
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
  return ['ERR_COMPRESSION', 'ERR_TRUNCATED', 'ERR_UNSUPPORTED', 'ERR_LIMIT'].includes(code)
}

interface ContentReader {
  push(chunk: Uint8Array): void
  end(): { readonly diffID?: DiffID; readonly size: number; readonly fault?: ContentsFault }
}

function contentReader(options: ContentsOptions, taker: ContentsTaker): ContentReader {
  const whole = options.diffID ? hasher() : undefined
  let size = 0
  const pusher = options.spelling === true ? spelledPusher(options, taker) : contentPusher(options, taker)
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

function contentPusher({ hashes, limits }: ContentsOptions, taker: ContentsTaker): TarPusher {
  let current: ContentHasher | undefined
  return plainPusher(
    {
      onPlain(member) {
        taker.plain(member)
        current = hashes && hasContent(member) ? plainHasher() : undefined
      },
      onEntry(entry) {
        taker.entry(entry, undefined)
        current = hashes && hasContent(entry) ? contentHasher(entry, limits) : undefined
      },
      onContent: (chunk) => current?.update(chunk),
      onContentEnd() {
        taker.entryEnd(current?.digest())
        current = undefined
      },
    },
    limits,
  )
}

function spelledPusher({ hashes, limits }: ContentsOptions, taker: ContentsTaker): TarPusher {
  let current: ContentHasher | undefined
  const headers = speller()
  const handlers: TarHandlers = {
    onEntry(entry) {
      taker.entry(entry, { headers: headers.take(), names: `${entry.uname}:${entry.gname}` })
      current = hashes && hasContent(entry) ? contentHasher(entry, limits) : undefined
    },
    onContent: (_, chunk) => current?.update(chunk),
    onContentEnd() {
      taker.entryEnd(current?.digest())
      current = undefined
    },
  }
  return tarPusher(handlers, limits, (bytes) => headers.add(bytes))
}

function faultOf({ fault }: TarEnd): { fault?: ContentsFault } {
  if (fault === undefined) return {}
  const { kind, message, offset, entry } = fault
  const code = kind === 'limit' ? 'LIMIT_REACHED' : 'LAYER_TAR'
  return { fault: { code, message, layerOffset: offset, ...(entry !== undefined && { entry }) } }
}
