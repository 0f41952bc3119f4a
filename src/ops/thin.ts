import { encodeBase64 } from '../bytes/base64.js'
import { hasher, type Digest } from '../bytes/digest.js'
import type { Output } from '../bytes/output.js'
import { readAhead } from '../bytes/read-ahead.js'
import { slice, type ByteSource, type Span } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Image, Layer } from '../model/image.js'
import type { TarEntry } from '../tar/entry.js'
import { cleanPath } from '../tar/path.js'
import { scanSource } from '../tar/scan.js'
import { wrapperHeader } from '../tar/wrapper.js'
import { paddingOf } from '../tar/write.js'
import { providedLayers } from './base-chain.js'
import { withClaims } from './claimed.js'
import { measureLayers } from './measure.js'
import { encodeRecord, RECORD_PATH, type LeftOutLayer, type ThinSegment } from './thin-record.js'

/** A docker archive to be made thin. */
export interface ThinInput {
  /** The archive as a plain tar. */
  readonly archive: ByteSource
  readonly images: readonly Image[]
  /** Images that the other side has. */
  readonly bases: readonly Image[]
}

/** A member that is left out. */
interface Cut {
  readonly layer: LeftOutLayer
  readonly header: Span
  readonly content: Span
  /** Where the next header begins. */
  readonly end: number
}

/**
 * Writes the archive without the layers that the bases provide, and with a record of how it was, all but the commit.
 * Classic docker loads it where a base is loaded. Gives the layers that were left out. Errors: ERR_OUTPUT, ERR_IO.
 */
export async function writeThin(
  { archive, images, bases }: ThinInput,
  output: Output,
  context: RunContext,
): Promise<ReadonlySet<Layer>> {
  const leftOut = await layersToLeaveOut(images, bases, context)
  const { cuts, end } = await cutsOf(archive, leftOut, context)
  const hash = hasher()
  const segments: ThinSegment[] = []
  const copy = async (from: number, to: number): Promise<void> => {
    if (to > from) segments.push({ copy: to - from })
    for await (const chunk of pieceOf(archive, from, to, context)) {
      hash.update(chunk)
      await output.write(chunk)
      context.onProgress?.({ task: 'thin', subject: archive.location, done: from, total: archive.size })
    }
  }
  let at = 0
  for (const cut of cuts) {
    await copy(at, cut.header.offset)
    for await (const chunk of pieceOf(archive, cut.header.offset, cut.end, context)) hash.update(chunk)
    segments.push(...(await segmentsOf(archive, cut)))
    at = cut.end
  }
  await copy(at, end)
  // The end of the tar comes behind the record, which has the digest of all.
  for await (const chunk of pieceOf(archive, end, archive.size, context)) hash.update(chunk)
  if (archive.size > end) segments.push({ copy: archive.size - end })
  await writeRecord(output, segments, archive.size, hash.digest())
  for await (const chunk of pieceOf(archive, end, archive.size, context)) await output.write(chunk)
  const gone = new Set(cuts.map((cut) => cut.content.offset))
  return new Set([...leftOut.keys()].filter(({ blob }) => gone.has(blob?.place?.offset ?? -1)))
}

function pieceOf(archive: ByteSource, from: number, to: number, context: RunContext): AsyncGenerator<Uint8Array> {
  return readAhead(slice(archive, { offset: from, length: to - from }, archive.location), context.signal)
}

async function writeRecord(output: Output, segments: ThinSegment[], size: number, digest: Digest): Promise<void> {
  const bytes = encodeRecord({ format: 'imgtar/thin/v1', size, digest, segments })
  await output.write(
    await wrapperHeader({ path: RECORD_PATH, type: 'file', size: bytes.length, mode: 0o644, mtime: 0 }),
  )
  await output.write(bytes)
  await output.write(new Uint8Array(paddingOf(bytes.length)))
}

/** Layers that no image needs to bring along, with what the record says of each; all are measured first. */
async function layersToLeaveOut(
  images: readonly Image[],
  bases: readonly Image[],
  context: RunContext,
): Promise<ReadonlyMap<Layer, LeftOutLayer>> {
  const known = await withClaims(bases, ({ diffID }) => diffID !== undefined, context)
  const provided = images.flatMap((image) => providedLayers(image, known))
  const needed = new Set(
    images.flatMap(({ layers }) => layers.filter((layer) => !provided.includes(layer))).map(({ blob }) => blob),
  )
  const candidates = provided.filter(({ blob }) => blob !== undefined && !needed.has(blob))
  const measured = await measureLayers(candidates, [], context)
  const stored = new Set(known.flatMap(({ layers }) => layers).map(({ claims }) => claims.digest))
  const leftOut = new Map<Layer, LeftOutLayer>()
  for (const layer of candidates) {
    const found = measured.of(layer)
    if (found?.diffID === undefined || found.diffID !== layer.claims.diffID) continue
    const { size, digest } = found
    if (found.compression === 'none') leftOut.set(layer, { layer: found.diffID, stored: 'plain', size })
    // Compressed bytes can be put back only by whoever has the very same.
    else if (stored.has(digest)) leftOut.set(layer, { layer: digest, stored: 'compressed', size })
  }
  return leftOut
}

/** The members that hold those layers, in the order of the archive, and where its last member ends. */
async function cutsOf(
  archive: ByteSource,
  leftOut: ReadonlyMap<Layer, LeftOutLayer>,
  context: RunContext,
): Promise<{ cuts: readonly Cut[]; end: number }> {
  const byOffset = new Map([...leftOut].map(([layer, record]) => [layer.blob?.place?.offset, record]))
  const cuts = new Map<string, Cut>()
  const linked = new Set<string>()
  const onEntry = (entry: TarEntry): void => {
    const { header, content } = entry
    const next = content.offset + content.length + paddingOf(content.length)
    if (entry.type === 'hardlink') linked.add(cleanPath(entry.rawLinkPath).key)
    const layer = entry.type === 'file' ? byOffset.get(content.offset) : undefined
    if (layer !== undefined) cuts.set(cleanPath(entry.rawPath).key, { layer, header, content, end: next })
  }
  const { offset, fault } = await scanSource(archive, { onEntry }, context)
  if (fault !== undefined) {
    throw new ArchiveError('ERR_TAR_HEADER', fault.message, { location: archive.location, offset: fault.offset })
  }
  // docker unpacks the archive before it looks at it: a hard link to nothing would stop it.
  const kept = [...cuts].filter(([path, cut]) => !linked.has(path) && cut.end <= archive.size)
  return { cuts: kept.map(([, cut]) => cut), end: offset }
}

/** What a cut took away: header, layer, padding. */
async function segmentsOf(archive: ByteSource, { layer, header, content, end }: Cut): Promise<readonly ThinSegment[]> {
  const before = await archive.read({ offset: header.offset, length: content.offset - header.offset })
  const offset = content.offset + content.length
  const padding = await archive.read({ offset, length: end - offset })
  return [bytesSegment(before), layer, ...(padding.length === 0 ? [] : [paddingSegment(padding)])]
}

function paddingSegment(padding: Uint8Array): ThinSegment {
  return padding.every((byte) => byte === 0) ? { zeros: padding.length } : bytesSegment(padding)
}

function bytesSegment(bytes: Uint8Array): ThinSegment {
  return { bytes: encodeBase64(bytes) }
}
