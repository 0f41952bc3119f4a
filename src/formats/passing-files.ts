import { bytesSource, type ByteSource } from '../bytes/source.js'
import { drain, readChunks, type ByteReader } from '../bytes/reader.js'
import { diffIDOf, digestOf, hasher, type Hasher } from '../bytes/digest.js'
import type { RunContext } from '../context.js'
import { ArchiveError, refuseAborted } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import { decodeTar, type TarAnswer, type TarRequest } from '../tar/decode.js'
import type { TarOddity } from '../tar/differences.js'
import type { TarEnd } from '../tar/end.js'
import type { TarEntry } from '../tar/entry.js'
import type { Measurement } from '../tar/measurement.js'
import { cleanName } from '../tar/path.js'
import { layerLint } from '../tree/lint.js'
import { measureBlob, oddityNotice } from '../tree/measure.js'
import type { FileSet } from './files.js'
import { memberCollector, wholeAsFile } from './members.js'
import { notTar } from './tar-files.js'

// What is smaller is no layer, and kept whatever it is: `null` is JSON as well.
const LEAST_TAR = 512
// Documents stand anywhere in an archive, and which ones matter is known at its end.
const MOST_KEPT = 48 * 1024 * 1024
// What has the name of a document is kept beyond that: so many times the limit of one.
const MORE_KNOWN = 4
const KNOWN_DOCUMENT = /(?:^|\/)(?:manifest\.json|index\.json|oci-layout|repositories|json|VERSION)$/
// Claims are read after the bytes are gone, but the place of a blob tells what they will be.
const SHA512_BLOB = /(?:^|\/)blobs\/sha512\/[a-f0-9]+$/
// No root filesystem has these names, so the hash of the whole is not needed.
const ARCHIVE_MARK =
  /^(?:oci-layout$|blobs\/sha256\/[a-f0-9]{64}$|[a-f0-9]{64}(?:\/(?:json|layer\.tar|VERSION)|\.json|\.tar)$|sha256:[a-f0-9]{64}$)/

/** A tar that passes by once: every member is measured on the way, small documents are kept. */
export async function passingFiles(
  chunks: AsyncIterable<Uint8Array>,
  archive: string,
  context: RunContext,
): Promise<FileSet> {
  const log = findingLog(archive)
  const whole = wholeMeter(context)
  const reader = readChunks(whole.watch(chunks))
  const collector = memberCollector(log, context)
  const keeper = documentKeeper(archive, context)
  const onEntry = (entry: TarEntry) => {
    whole.entry(entry)
    if (entry.type !== 'file') collector.add(entry)
    else if (entry.content.length === 0) collector.add(entry, emptyFile(`${archive} › ${entry.path}`))
  }
  const onFile = async (entry: TarEntry, content: AsyncGenerator<Uint8Array>) => {
    const kept = keeper.keep(entry, content)
    const measurement = await measureBlob(kept.chunks, {
      limits: context.limits,
      location: `${archive} › ${entry.path}`,
      layer: 'sniff',
      strictTar: context.strictTar ?? false,
      ...(SHA512_BLOB.test(entry.path) && { algorithms: ['sha512'] }),
    })
    // Nobody may take a member that was cut short for whole.
    const isWhole = measurement.size === entry.content.length
    collector.add(entry, isWhole ? { source: kept.source(), measurement } : undefined)
  }
  const onOddity = (oddity: TarOddity) => {
    collector.oddity(oddity)
    whole.oddity(oddity)
  }
  const onFiller = (entry: TarEntry, bytes: Uint8Array) => collector.filler(entry, bytes)
  const end = await drive(reader, context, { onEntry, onFile, onOddity, onFiller }).catch(async (error: unknown) => {
    await reader.close()
    throw error
  })
  if (end.entries === 0 && end.fault !== undefined) throw notTar(archive, end.fault.message, end.fault.offset)
  if (end.size === 0) throw notTar(archive, 'there are no bytes', 0)
  collector.end(end)
  const measurement = whole.end(end)
  const findings: readonly Finding[] = log.findings
  return {
    location: archive,
    findings,
    whole: wholeAsFile(goneSource(archive, end.size), measurement),
    resolve: (path) => Promise.resolve(collector.index.resolve(path)),
    list: (directory) => Promise.resolve(collector.index.list(directory)),
    [Symbol.asyncDispose]: () => reader.close(),
  }
}

interface PassHandlers {
  onEntry(entry: TarEntry): void
  onFile(entry: TarEntry, content: AsyncGenerator<Uint8Array>): Promise<void>
  /** What fills up the last block of a file. */
  onFiller(entry: TarEntry, bytes: Uint8Array): void
  onOddity: NonNullable<Parameters<typeof decodeTar>[0]['onOddity']>
}

/** Drives the decoder over a stream, and hands each file's content on as a stream of its own. */
async function drive(reader: ByteReader, context: RunContext, handlers: PassHandlers): Promise<TarEnd> {
  const decoder = decodeTar(
    { onEntry: (entry) => handlers.onEntry(entry), onOddity: handlers.onOddity },
    context.limits,
  )
  let step = decoder.next()
  while (step.done !== true) {
    refuseAborted(context.signal)
    step = decoder.next(await answer(reader, step.value, handlers))
    context.onProgress?.({ task: 'read', subject: 'archive', done: reader.offset })
  }
  return step.value
}

async function answer(reader: ByteReader, request: TarRequest, handlers: PassHandlers): Promise<TarAnswer> {
  if (request.want === 'bytes') return reader.read(request.length)
  const start = reader.offset
  if (request.part === 'content' && request.entry.type === 'file') {
    await handlers.onFile(request.entry, reader.take(request.entry.content.length))
    const end = start + request.entry.content.length
    if (reader.offset === end) handlers.onFiller(request.entry, await reader.read(start + request.length - end))
  }
  await drain(reader.take(start + request.length - reader.offset))
  return reader.offset - start
}

/** Keeps the bytes of members that may be documents, within a budget. */
function documentKeeper(archive: string, { limits }: RunContext) {
  let kept = 0
  return {
    keep(entry: TarEntry, content: AsyncIterable<Uint8Array>) {
      const location = `${archive} › ${entry.path}`
      const { length } = entry.content
      const isKnown = KNOWN_DOCUMENT.test(entry.path)
      const most = isKnown ? MOST_KEPT + MORE_KNOWN * limits.json : MOST_KEPT
      if (length > limits.json) return { chunks: content, source: () => goneSource(location, length) }
      if (kept + length > most) return { chunks: content, source: () => goneSource(location, length, 'crowded out') }
      kept += length
      const bytes = new Uint8Array(length)
      let isDocument = true
      async function* copy(): AsyncGenerator<Uint8Array> {
        let at = 0
        for await (const chunk of content) {
          if (at === 0 && !isKnown) isDocument = length < LEAST_TAR || mayBeJson(chunk)
          if (isDocument) bytes.set(chunk, at)
          at += chunk.length
          yield chunk
        }
      }
      const source = () => {
        if (isDocument) return bytesSource(bytes, location)
        kept -= length
        return goneSource(location, length)
      }
      return { chunks: copy(), source }
    },
  }
}

// An object, a list, white space before one, a byte order mark; `1.0` of a VERSION file goes by its name.
function mayBeJson(chunk: Uint8Array): boolean {
  const [first = 0] = chunk
  return first === 0x7b || first === 0x5b || first === 0xef || first <= 0x20
}

const NO_BYTES = new Uint8Array(0)
const EMPTY: Measurement = {
  digest: digestOf(NO_BYTES),
  size: 0,
  compression: 'none',
  diffID: diffIDOf(digestOf(NO_BYTES)),
  diffSize: 0,
  notices: [{ code: 'LAYER_EMPTY', message: 'the layer has no bytes' }],
}

/** What the decoder asks no content for; there may be ever so many. */
function emptyFile(location: string) {
  return { source: bytesSource(NO_BYTES, location), measurement: EMPTY }
}

/** Bytes that passed by: there is a size to tell, but nothing to read any more. */
function goneSource(location: string, size: number, why?: 'crowded out'): ByteSource {
  const place = { location, hint: 'give the archive as a file' }
  const gone = () =>
    why === undefined
      ? new ArchiveError('ERR_NOT_SEEKABLE', 'these bytes came through a pipe and are gone', place)
      : new ArchiveError('ERR_LIMIT', 'too many documents came through the pipe to keep this one', place)
  return { location, size, read: () => Promise.reject(gone()) }
}

/** Measures the whole tar as the one layer it is if it turns out to be a root filesystem. */
function wholeMeter({ limits, strictTar }: RunContext) {
  let hash: Hasher | undefined = hasher()
  const lint = layerLint(limits)
  const oddities: TarOddity[] = []
  return {
    async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        hash?.update(chunk)
        yield chunk
      }
    },
    entry(entry: TarEntry) {
      if (ARCHIVE_MARK.test(cleanName(entry.path, entry.rawPath).key)) hash = undefined
      else if (hash !== undefined) lint.entry(entry)
    },
    oddity(oddity: TarOddity) {
      if (hash !== undefined) oddities.push(oddity)
    },
    end(end: TarEnd): Measurement | undefined {
      if (hash === undefined) return undefined
      const digest = hash.digest()
      const { notices, contentSize } = lint.end()
      const tar = { entries: end.entries, contentSize, whole: end.fault === undefined }
      return {
        digest,
        size: end.size,
        compression: 'none',
        diffID: diffIDOf(digest),
        diffSize: end.size,
        tar,
        notices: [...notices, ...oddities.flatMap((oddity) => oddityNotice(oddity, strictTar))],
      }
    },
  }
}
