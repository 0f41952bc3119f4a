import { asDigest, hasher } from '../bytes/digest.js'
import type { Output } from '../bytes/output.js'
import { readAhead } from '../bytes/read-ahead.js'
import { slice, type ByteSource, type Span } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import type { TarEntry } from '../tar/entry.js'
import { scanSource } from '../tar/scan.js'
import { paddingOf } from '../tar/write.js'
import { provideLayers } from './thin-providers.js'
import { readRecord, RECORD_PATH, type LeftOutLayer, type ThinRecord } from './thin-record.js'

/** A thin archive with its record. */
export interface ThinArchive {
  readonly archive: ByteSource
  readonly record: ThinRecord
  /** Where the member with the record lies, header and padding included. */
  readonly recordAt: Span
}

/** Finds the record of a thin archive; undefined where there is none. Errors: ERR_DOCUMENT, ERR_JSON, ERR_LIMIT. */
export async function findRecord(archive: ByteSource, context: RunContext): Promise<ThinArchive | undefined> {
  const found: TarEntry[] = []
  const onEntry = (entry: TarEntry): void => {
    if (entry.type === 'file' && entry.path === RECORD_PATH) found.push(entry)
  }
  await scanSource(archive, { onEntry }, context)
  const entry = found.at(-1)
  if (entry === undefined) return undefined
  const { header, content } = entry
  const record = await readRecord(slice(archive, content, `${archive.location} › ${RECORD_PATH}`), context)
  const end = content.offset + content.length + paddingOf(content.length)
  return { archive, record, recordAt: { offset: header.offset, length: end - header.offset } }
}

/**
 * Writes the archive as it was before it was made thin, all but the commit; `providers` are images that have the layers.
 * Every layer and the whole are held against their digests. Gives what was odd about providers. Errors: those of
 * provideLayers, ERR_DIGEST, ERR_OUTPUT.
 */
export async function writeHydrated(
  { archive, record, recordAt }: ThinArchive,
  providers: readonly Image[],
  output: Output,
  context: RunContext,
): Promise<readonly Finding[]> {
  const log = findingLog(archive.location)
  const layers = await provideLayers(leftOutOf(record), providers, log, context)
  const hash = hasher()
  const write = async (chunk: Uint8Array): Promise<void> => {
    hash.update(chunk)
    await output.write(chunk)
    context.onProgress?.({ task: 'hydrate', subject: output.location, done: output.position, total: record.size })
  }
  let at = 0
  for (const segment of record.segments) {
    if ('copy' in segment) {
      if (at === recordAt.offset) at += recordAt.length
      const span = { offset: at, length: segment.copy }
      for await (const chunk of readAhead(slice(archive, span, archive.location), context.signal)) await write(chunk)
      at += segment.copy
    } else if ('layer' in segment) {
      const layer = layers.get(segment)
      if (layer !== undefined) for await (const chunk of provedBytes(segment, layer, context)) await write(chunk)
    } else if ('zeros' in segment) for (const chunk of zeros(segment.zeros)) await write(chunk)
    else await write(Uint8Array.from(atob(segment.bytes), (character) => character.charCodeAt(0)))
  }
  const actual = hash.digest()
  if (actual === record.digest) return log.findings
  throw new ArchiveError('ERR_DIGEST', `the result is ${actual}, before it was ${record.digest}`, {
    location: archive.location,
    hint: 'the thin archive was changed or damaged since it was made',
  })
}

/** The layers that a thin archive lacks, in its order. */
function leftOutOf(record: ThinRecord): readonly LeftOutLayer[] {
  return record.segments.flatMap((segment) => ('layer' in segment ? [segment] : []))
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536))
}

async function* provedBytes(
  { layer: expected, stored, size }: LeftOutLayer,
  layer: Layer,
  context: RunContext,
): AsyncGenerator<Uint8Array> {
  const hash = hasher()
  let done = 0
  const chunks =
    stored === 'plain' || layer.blob === undefined ? layer.tar(context) : readAhead(layer.blob, context.signal)
  for await (const chunk of chunks) {
    done += chunk.length
    if (done > size) break
    hash.update(chunk)
    yield chunk
  }
  const actual = asDigest(hash.digest())
  if (done === size && actual === expected) return
  throw new ArchiveError('ERR_DIGEST', `the layer ${expected} is not what its archive claims: ${String(actual)}`, {
    location: layer.blob?.location ?? layer.path,
    hint: 'imgtar verify tells what is wrong with it',
  })
}
