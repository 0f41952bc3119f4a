import { decompress, detectCompression, SNIFF_BYTES, sniffCompression, type Compression } from '../bytes/compression.js'
import { inChunks } from '../bytes/read-ahead.js'
import { firstBytes, prepended } from '../bytes/reader.js'
import { isSource, type Bytes } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, HINTS, type ErrorCode } from '../errors.js'
import type { Finding, FindingCode } from '../findings.js'
import { configForImport, type ImportConfig } from '../model/derived-config.js'
import { findingLog } from '../model/finding-log.js'
import type { OutgoingImage, OutgoingLayer } from '../model/outgoing.js'
import type { Notice } from '../tar/measurement.js'
import { latin1 } from '../tar/path.js'
import type { OnName } from '../tree/lint.js'
import { isKept, type LayerTarget } from './kept-layers.js'
import { newName } from './retag.js'
import type { MeasuredLayer } from './outgoing-layers.js'
import { stageStored, stageTar } from './stage-layer.js'

/** A root filesystem to become an image. */
export interface RootfsInput {
  /** As the user named it. */
  readonly location: string
  /** A tar, compressed or not; read once. */
  readonly bytes: Bytes
  /** Whether the user said that it is one, whatever it looks like. */
  readonly isCertain: boolean
}

/** What the image is to be. */
export interface ImportSettings extends ImportConfig {
  readonly names: readonly string[]
}

/** An image of one layer, and what was odd about it. */
export interface Imported {
  readonly image: OutgoingImage
  readonly findings: readonly Finding[]
}

/**
 * A root filesystem as the only layer of an image, byte for byte, in one pass; the config is docker import's. Errors:
 * ERR_NOT_ARCHIVE for what is no tar, or is an image archive itself; ERR_COMPRESSION, ERR_OUTPUT, ERR_REFERENCE.
 */
export async function importRootfs(
  input: RootfsInput,
  settings: ImportSettings,
  target: LayerTarget,
  context: RunContext,
): Promise<Imported> {
  const names = settings.names.map(newName)
  const marks = imageMarks()
  const measured = await stage(input, marks.see, target, context)
  if (!input.isCertain && marks.isImage()) throw imageArchive(input.location)
  const layer = provedLayer(measured, input.location)
  return {
    image: {
      names: [...new Set(names)].sort(),
      platform: settings.platform,
      config: configForImport(settings, [layer.diffID], input.location),
      manifest: undefined,
      annotations: new Map(),
      layers: [layer],
    },
    findings: findingsOf(measured, input.location),
  }
}

async function stage(
  { bytes, location }: RootfsInput,
  onName: OnName,
  target: LayerTarget,
  context: RunContext,
): Promise<MeasuredLayer> {
  const { compression, all } = await sniffed(bytes, context)
  const stored = { bytes: all, subject: location, onName }
  if (isKept(compression, target)) return stageStored(stored, target.staging, context)
  if (compression === 'none') return stageTar(stored, target, context)
  const tar = decompress(compression, inChunks(all, context.signal), { limits: context.limits, location })
  return stageTar({ bytes: tar, subject: location, onName }, target, context)
}

/** How bytes are compressed, and all of them. */
async function sniffed(
  bytes: Bytes,
  { signal }: RunContext,
): Promise<{ readonly compression: Compression; readonly all: Bytes }> {
  if (isSource(bytes)) return { compression: await sniffCompression(bytes, signal), all: bytes }
  const source = bytes[Symbol.asyncIterator]()
  const head = await firstBytes(source, SNIFF_BYTES)
  return { compression: detectCompression(head.bytes), all: prepended(head.chunks, source) }
}

/** Looks for what no root filesystem has at its top, and every image archive has. */
function imageMarks(): { readonly see: OnName; isImage(): boolean } {
  const seen = new Set<string>()
  return {
    see(bytes, start, end) {
      const length = end - start
      if (length > LONGEST_MARK || (length > LONGEST_DOCUMENT && length < HEX)) return
      const key = latin1(bytes.subarray(start, end))
      if (DOCUMENTS.has(key)) seen.add(key)
      if (BLOB.test(key)) seen.add('blob')
    },
    isImage: () => seen.has('blob') && seen.size > 1,
  }
}

const DOCUMENTS = new Set(['manifest.json', 'index.json', 'oci-layout', 'repositories'])
const LONGEST_DOCUMENT = 'manifest.json'.length
const HEX = 64
const LONGEST_MARK = 'blobs/sha256/'.length + HEX + '.tar.bzip2'.length
// crane, kaniko and jib write `sha256:HEX` and `HEX.tar.gz`.
const BLOB = /^(?:blobs\/sha256\/|sha256:)?[a-f0-9]{64}(?:\.json|\.tar(?:\.\w{1,5})?|\/json|\/layer\.tar)?$/

function imageArchive(location: string): ArchiveError {
  return new ArchiveError('ERR_NOT_ARCHIVE', 'this is an image archive, not a root filesystem', {
    location,
    hint: `imgtar save and imgtar tag take it as it is; rootfs:${location} imports it all the same`,
  })
}

function provedLayer({ measurement, notices = [], content }: MeasuredLayer, location: string): OutgoingLayer {
  const { digest, diffID, size, compression } = measurement
  for (const [found, error] of FAULTS) {
    const fault = notices.find(({ code }) => code === found)
    if (fault !== undefined) throw refusal(error, fault, location)
  }
  if (diffID === undefined) throw new ArchiveError('ERR_COMPRESSION', 'it cannot be decompressed', { location })
  return { diffID, digest, size, compression, content }
}

// What keeps bytes from becoming a layer, the cause of others first.
const FAULTS: ReadonlyMap<FindingCode, ErrorCode> = new Map<FindingCode, ErrorCode>([
  ['LIMIT_REACHED', 'ERR_LIMIT'],
  ['LAYER_COMPRESSION', 'ERR_COMPRESSION'],
  ['LAYER_TAR', 'ERR_NOT_ARCHIVE'],
  ['LAYER_EMPTY', 'ERR_NOT_ARCHIVE'],
])

function refusal(error: ErrorCode, { message, offset, layerOffset = 0 }: Notice, location: string): ArchiveError {
  if (error === 'ERR_LIMIT') return new ArchiveError(error, message, { location, hint: HINTS.limit })
  if (error === 'ERR_COMPRESSION')
    return new ArchiveError(error, message, { location, hint: HINTS.cut, ...(offset !== undefined && { offset }) })
  const hint = layerOffset === 0 ? HINTS.noTar : HINTS.cut
  return new ArchiveError(error, `this is no whole tar: ${message}`, { location, offset: layerOffset, hint })
}

function findingsOf({ notices = [] }: MeasuredLayer, location: string): readonly Finding[] {
  const log = findingLog(location)
  for (const { code, message, layerOffset, entry } of notices) {
    const place = { ...(layerOffset !== undefined && { layerOffset }), ...(entry !== undefined && { entry }) }
    log.add(code, message, { layer: 0, ...place })
  }
  return log.findings
}
