import { encodeBase64 } from '../bytes/base64.js'
import { hasher, type Digest } from '../bytes/digest.js'
import type { Output } from '../bytes/output.js'
import { readAhead } from '../bytes/read-ahead.js'
import { slice, type ByteSource, type Span } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import type { TarEntry } from '../tar/entry.js'
import { cleanPath } from '../tar/path.js'
import { scanSource } from '../tar/scan.js'
import { wrapperHeader } from '../tar/wrapper.js'
import { paddingOf } from '../tar/write.js'
import { planThin, type ThinPlan } from './thin-plan.js'
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

/** What became of an archive. */
export interface Thinned {
  readonly leftOut: ReadonlySet<Layer>
  /** What a base has and was not left out, and why; that nothing was. */
  readonly findings: readonly Finding[]
}

/**
 * Writes the archive without the layers that the bases provide, and with a record of how it was, all but the commit; all
 * its layers are proved. Classic docker loads it where a base is loaded. Errors: those of planThin, ERR_TAR_HEADER,
 * ERR_OUTPUT, ERR_IO.
 */
export async function writeThin(
  { archive, images, bases }: ThinInput,
  output: Output,
  context: RunContext,
): Promise<Thinned> {
  const plan = await planThin(images, bases, context)
  const { cuts, end } = await cutsOf(archive, plan.leaveOut, context)
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
  const leftOut = new Set([...plan.leaveOut.keys()].filter(({ blob }) => gone.has(blob?.place?.offset ?? -1)))
  return { leftOut, findings: findingsOf(plan, leftOut, archive.location) }
}

function findingsOf(plan: ThinPlan, leftOut: ReadonlySet<Layer>, archive: string): readonly Finding[] {
  const log = findingLog(archive)
  const linked = [...plan.leaveOut.keys()].filter((layer) => !leftOut.has(layer))
  const kept = [...plan.keep, ...linked.map((layer) => [layer, 'a hard link in the archive leads to it'] as const)]
  // Images that share a layer are told of it once.
  for (const [{ path, index }, reason] of new Map(kept.map((one) => [one[0].path, one])).values()) {
    log.add('OUTPUT_LAYER_KEPT', `layer ${String(index)} stays: ${reason}`, { path, layer: index })
  }
  if (leftOut.size === 0) {
    const reason = kept.length === 0 ? ': no base has the lowest layer of an image' : ''
    log.add('OUTPUT_NOTHING_LEFT_OUT', `nothing was left out${reason}`)
  }
  return log.findings
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
