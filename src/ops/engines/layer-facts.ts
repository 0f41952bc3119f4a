import { decompress, detectCompression, SNIFF_BYTES, type Compression } from '../../bytes/compression.js'
import { diffIDOf, hasher, type DiffID, type Digest } from '../../bytes/digest.js'
import { chunksOf, lentChunksOf, type ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { TarFault } from '../../tar/end.js'
import { tarPusher } from '../../tar/scan.js'
import { entryPacker, type LayerEntries, type PackedEntries } from './packed-entries.js'

/** What loaders find when they read a layer. */
export interface LayerFacts {
  readonly compression: Compression
  /** A zstd stream that begins with a skippable frame, which not everybody takes for zstd. */
  readonly isSkippable: boolean
  /** sha256 of the bytes as stored, and how many there are. */
  readonly digest: Digest
  readonly size: number
  /** sha256 of the uncompressed bytes; absent where the compressed stream breaks. */
  readonly diffID: DiffID | undefined
  /** Why the compressed stream breaks, or what is odd about it. */
  readonly stream: 'sound' | 'truncated' | 'damaged' | 'checksum' | 'trailing'
  readonly entries: LayerEntries
  /** Where Go's archive/tar stops. */
  readonly fault: TarFault | undefined
}

/** Reads layers for engine after engine. */
export interface LayerReader {
  /** Errors: ERR_LIMIT where an archive names its layers so often that it would take for ever, ERR_IO. */
  read(source: ByteSource): Promise<LayerFacts>
}

// Bytes of entries that are kept for the next engine; what goes beyond is read again.
const MOST_KEPT = 64 * 1024 * 1024
// What is known of a layer besides.
const FACTS_BYTES = 1024
// Readings of all entries that the limit allows: some for each engine.
const MOST_READINGS = 50

/** A reader for one archive. */
export function layerReader(context: RunContext): LayerReader {
  const known = new Map<ByteSource, LayerReading>()
  let [kept, work] = [0, 0]
  return {
    async read(source) {
      const facts = known.get(source) ?? (await readLayer(source, context))
      const cost = facts.entries.length + 1
      work += cost
      if (work > MOST_READINGS * context.limits.entries) {
        throw new ArchiveError('ERR_LIMIT', 'its layers are named too often to play every load through', {
          location: source.location,
          hint: 'raise --limit-entries if the archive is trusted',
        })
      }
      const bytes = FACTS_BYTES + facts.entries.bytes
      if (!known.has(source) && kept + bytes <= MOST_KEPT) {
        kept += bytes
        known.set(source, facts)
      }
      return facts
    },
  }
}

interface LayerReading extends LayerFacts {
  readonly entries: PackedEntries
}

async function readLayer(source: ByteSource, context: RunContext): Promise<LayerReading> {
  const head = await source.read({ offset: 0, length: Math.min(SNIFF_BYTES, source.size) }, context.signal)
  const compression = detectCompression(head)
  const [stored, uncompressed] = [hasher(), hasher()]
  const packer = entryPacker()
  const pusher = tarPusher({ onEntry: (entry) => packer.add(entry) }, context.limits)
  let stream: LayerFacts['stream'] = 'sound'
  const onNotice = ({ kind }: { kind: 'trailing-bytes' | 'checksum' }) => {
    if (stream !== 'checksum') stream = kind === 'checksum' ? 'checksum' : 'trailing'
  }
  try {
    const { limits } = context
    const options = { limits, location: source.location, onNotice }
    // A decoder may still read from a chunk when it asks for the next.
    const chunks = compression === 'none' ? lentChunksOf(source, context.signal) : chunksOf(source, context.signal)
    for await (const chunk of decompress(compression, hashed(chunks, stored), options)) {
      uncompressed.update(chunk)
      pusher.push(chunk)
    }
  } catch (error) {
    if (!(error instanceof ArchiveError) || error.code === 'ERR_IO' || error.code === 'ERR_ABORTED') throw error
    stream = error.code === 'ERR_TRUNCATED' ? 'truncated' : 'damaged'
  }
  const isBroken = stream === 'truncated' || stream === 'damaged'
  const { fault } = pusher.end()
  return {
    compression,
    isSkippable: compression === 'zstd' && head[0] !== 0x28,
    digest: isBroken ? await digestAll(source, context) : stored.digest(),
    size: source.size,
    diffID: isBroken ? undefined : diffIDOf(uncompressed.digest()),
    stream,
    entries: packer.end(),
    fault,
  }
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: ReturnType<typeof hasher>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}

async function digestAll(source: ByteSource, { signal }: RunContext): Promise<Digest> {
  const hash = hasher()
  for await (const chunk of lentChunksOf(source, signal)) hash.update(chunk)
  return hash.digest()
}

/** What Go's archive/tar says where a tar stops. */
export function tarWords(fault: TarFault): string {
  if (fault.kind === 'truncated-header' || fault.kind === 'truncated-content') return 'unexpected EOF'
  if (fault.kind === 'limit') return 'archive/tar: header field too long'
  return 'archive/tar: invalid tar header'
}

/** What Go's archive/tar says of bytes that are no tar because nobody uncompressed them. */
export function rawWords(size: number): string | undefined {
  if (size === 0) return undefined
  return size < 512 ? 'unexpected EOF' : 'archive/tar: invalid tar header'
}
