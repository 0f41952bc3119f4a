import {
  decompress,
  detectCompression,
  SNIFF_BYTES,
  type Compression,
  type CompressionNotice,
} from '../bytes/compression.js'
import { drain, firstBytes, prepended } from '../bytes/reader.js'
import { diffIDOf, hasher, type AnyHasher, type DigestAlgorithm } from '../bytes/digest.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { explained } from '../model/finding-log.js'
import type { FindingCode } from '../findings.js'
import { firstOfEach, READINGS, type TarOddity } from '../tar/differences.js'
import type { TarEnd } from '../tar/end.js'
import { hasChecksum } from '../tar/header.js'
import type { Measurement, Notice } from '../tar/measurement.js'
import { plainPusher } from '../tar/push-plain.js'
import { tarPusher, type TarPusher } from '../tar/scan.js'
import { layerLint, type OnName } from './lint.js'

/** What to look at while the bytes of a blob pass by. */
export interface MeasureOptions {
  readonly limits: Limits
  readonly location: string
  /** Digests of the stored bytes to take beside sha256. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** Takes the sha256 of the stored bytes. */
  readonly sha256?: AnyHasher
  /** Whether the uncompressed bytes are a layer: `sniff` looks for a tar header first. */
  readonly layer: 'yes' | 'no' | 'sniff'
  /** Tells every oddity of the tar, not only those that nothing else tells. */
  readonly strictTar?: boolean
  /** Hears of each entry of the layer that is no directory, in order. */
  readonly onName?: OnName
  /** The uncompressed bytes, piece by piece, each valid until the call returns. */
  onContent?(chunk: Uint8Array): void
}

/**
 * Everything that one pass over a stored blob tells: its digest, its compression, its diffID, and what its tar looks
 * like. Damage is told in notices; the rest of the bytes is read all the same, since the digest covers them.
 */
export async function measureBlob(chunks: AsyncIterable<Uint8Array>, options: MeasureOptions): Promise<Measurement> {
  const stored = hashed(chunks, options)
  const head = await firstBytes(stored.chunks, HEAD)
  const compression = detectCompression(head.bytes)
  const all = prepended(head.chunks, stored.chunks)
  const content =
    compression === 'none' ? await readPlain(all, head.bytes, options) : await readPacked(all, compression, options)
  await drain(all)
  const { digest, size, sha512 } = await stored.end()
  const diffID = compression === 'none' ? diffIDOf(digest) : content.diffID
  return {
    digest,
    size,
    ...(sha512 !== undefined && { sha512 }),
    compression,
    ...(diffID !== undefined && { diffID }),
    diffSize: content.size,
    ...(content.tar && { tar: content.tar }),
    notices: content.notices,
  }
}

type Content = Pick<Measurement, 'diffID' | 'tar' | 'notices'> & { readonly size: number }

async function readPlain(
  chunks: AsyncIterable<Uint8Array>,
  head: Uint8Array,
  options: MeasureOptions,
): Promise<Content> {
  const reader = contentReader(head, options)
  for await (const chunk of chunks) reader.push(chunk)
  return reader.end([])
}

async function readPacked(
  chunks: AsyncIterable<Uint8Array>,
  kind: Compression,
  options: MeasureOptions,
): Promise<Content> {
  const { limits, location } = options
  const notices: Notice[] = []
  const hash = hasher()
  let reader: ContentReader | undefined
  try {
    const onNotice = (notice: CompressionNotice) => notices.push(noticeOf(notice))
    const stream = decompress(kind, chunks, { limits, location, onNotice })
    const head = await firstBytes(stream, HEAD)
    reader = contentReader(head.bytes, options)
    for await (const chunk of prepended(head.chunks, stream)) {
      hash.update(chunk)
      reader.push(chunk)
    }
  } catch (error) {
    if (!(error instanceof ArchiveError) || error.code === 'ERR_ABORTED') throw error
    notices.push(brokenNotice(error))
    const content = (reader ?? contentReader(new Uint8Array(0), options)).end(notices)
    // The bytes behind the break are unknown, so that the tar's own complaints would only repeat it.
    return { size: content.size, notices, ...(content.tar && { tar: { ...content.tar, whole: false } }) }
  }
  return { ...reader.end(notices), diffID: diffIDOf(hash.digest()) }
}

function noticeOf({ kind, message, offset }: CompressionNotice): Notice {
  return { code: kind === 'checksum' ? 'LAYER_CHECKSUM' : 'LAYER_COMPRESSION_TRAILING', message, offset }
}

function brokenNotice(error: ArchiveError): Notice {
  const { code, offset } = error
  const found: FindingCode = code === 'ERR_LIMIT' ? 'LIMIT_REACHED' : 'LAYER_COMPRESSION'
  return { code: found, message: explained(error), ...(offset !== undefined && { offset }) }
}

interface ContentReader {
  push(chunk: Uint8Array): void
  end(notices: readonly Notice[]): Content
}

/** Reads uncompressed bytes as a layer, or only counts them where they are none. */
function contentReader(head: Uint8Array, options: MeasureOptions): ContentReader {
  let size = 0
  const isLayer = options.layer === 'yes' || (options.layer === 'sniff' && looksLikeTar(head))
  const layer = isLayer ? layerReader(options) : undefined
  return {
    push(chunk) {
      size += chunk.length
      layer?.pusher.push(chunk)
      options.onContent?.(chunk)
    },
    end(notices) {
      if (layer === undefined) return { size, notices }
      return { size, ...layer.end(notices, size) }
    },
  }
}

const NO_CONTENT = { onContent: () => undefined, onContentEnd: () => undefined }

function layerReader(options: MeasureOptions): {
  pusher: TarPusher
  end(before: readonly Notice[], size: number): Omit<Content, 'size'>
} {
  const lint = layerLint(options.limits, options.onName)
  const oddities: TarOddity[] = []
  const { entry: onEntry, plain: onPlain } = lint
  const onOddity = firstOfEach((oddity) => oddities.push(oddity))
  // What is odd of a plain member only the decoder tells.
  const pusher =
    options.strictTar === true
      ? tarPusher({ onEntry, onOddity }, options.limits)
      : plainPusher({ ...NO_CONTENT, onPlain, onEntry, onOddity }, options.limits)
  return {
    pusher,
    end(before, size) {
      const end = pusher.end()
      const { notices, contentSize } = lint.end()
      return {
        tar: { entries: end.entries, contentSize, whole: end.fault === undefined },
        notices: [
          ...before,
          ...endNotices(end, size),
          ...notices,
          ...oddities.flatMap((oddity) => oddityNotice(oddity, options.strictTar)),
        ],
      }
    },
  }
}

function endNotices(end: TarEnd, size: number): readonly Notice[] {
  if (size === 0) return [{ code: 'LAYER_EMPTY', message: 'the layer has no bytes' }]
  const notices: Notice[] = []
  if (end.fault !== undefined) {
    const { kind, message, offset, entry } = end.fault
    const code = kind === 'limit' ? 'LIMIT_REACHED' : 'LAYER_TAR'
    return [{ code, message, layerOffset: offset, ...(entry !== undefined && { entry }) }]
  }
  if (end.marker === 'none')
    notices.push({ code: 'LAYER_END_MISSING', message: 'the layer ends without an end marker', layerOffset: size })
  if (end.trailingNonZero) {
    const message = `${end.trailing} bytes follow the end marker`
    notices.push({ code: 'LAYER_TRAILING_BYTES', message, layerOffset: size - end.trailing })
  }
  return notices
}

// Told by other codes, or harmless: every reader agrees on what docker itself would unpack.
const TOLD_ELSEWHERE: ReadonlySet<TarOddity['kind']> = new Set([
  'after-end',
  'missing-end',
  'missing-padding',
  'non-standard-type',
  'size-without-content',
  'sparse',
  'v7',
  'lone-zero-block',
])

/** An oddity as a notice, where it is one that nothing else tells; `strict`, in any case and with who reads it how. */
export function oddityNotice(oddity: TarOddity, strict = false): readonly Notice[] {
  const { kind, offset, entry } = oddity
  const message = strict ? `${oddity.message}: ${READINGS[kind]}` : oddity.message
  if (!strict && TOLD_ELSEWHERE.has(kind)) return []
  return [{ code: 'ENTRY_AMBIGUOUS', message, layerOffset: offset, ...(entry !== '' && { entry }) }]
}

/** Whether bytes begin like a tar: a header with the magic or, as V7 has none, with its checksum; or a block of zeros. */
export function looksLikeTar(head: Uint8Array): boolean {
  if (head.length < 512) return false
  const block = head.subarray(0, 512)
  const magic = String.fromCharCode(...block.subarray(257, 262))
  return magic === 'ustar' || hasChecksum(block) || block.every((byte) => byte === 0)
}

interface HashedChunks {
  readonly chunks: AsyncGenerator<Uint8Array>
  end(): Promise<Pick<Measurement, 'digest' | 'size' | 'sha512'>>
}

function hashed(
  source: AsyncIterable<Uint8Array>,
  { sha256 = hasher(), algorithms = [] }: MeasureOptions,
): HashedChunks {
  const sha512 = algorithms.includes('sha512') ? hasher('sha512') : undefined
  let size = 0
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      await sha256.update(chunk)
      sha512?.update(chunk)
      size += chunk.length
      yield chunk
    }
  }
  return {
    chunks: pass(),
    end: async () => ({ digest: await sha256.digest(), size, ...(sha512 && { sha512: sha512.digest() }) }),
  }
}

// Enough for every magic and for a first tar header.
const HEAD = Math.max(SNIFF_BYTES, 512)
