import {
  decompress,
  detectCompression,
  SNIFF_BYTES,
  type Compression,
  type CompressionNotice,
} from '../bytes/compression.js'
import { firstBytes, prepended } from '../bytes/reader.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'

/** The archive without the compression around it. */
export interface OuterStream {
  readonly compression: Compression
  readonly chunks: AsyncIterable<Uint8Array>
  /** What was odd about the compression; complete once the chunks are read. */
  findings(): readonly Finding[]
}

/**
 * Takes one level of compression off, known by its first bytes. Where the compressed stream breaks, the chunks end and a
 * finding tells it: the members that came through are still there to be looked at.
 */
export async function watchCompression(
  chunks: AsyncIterable<Uint8Array>,
  archive: string,
  context: RunContext,
): Promise<OuterStream> {
  const log = findingLog(archive)
  const source = chunks[Symbol.asyncIterator]()
  const head = await firstBytes(source, SNIFF_BYTES)
  const compression = detectCompression(head.bytes)
  const onNotice = ({ kind: what, message, offset }: CompressionNotice) =>
    log.add(what === 'checksum' ? 'ARCHIVE_CHECKSUM' : 'ARCHIVE_COMPRESSION_TRAILING', message, { offset })
  async function* uncompressed(): AsyncGenerator<Uint8Array> {
    try {
      yield* decompress(compression, prepended(head.chunks, source), {
        limits: context.limits,
        location: archive,
        onNotice,
      })
    } catch (error) {
      if (!(error instanceof ArchiveError) || error.code === 'ERR_ABORTED' || error.code === 'ERR_IO') throw error
      log.addError(error.code === 'ERR_LIMIT' ? 'LIMIT_REACHED' : 'ARCHIVE_COMPRESSION', error)
    }
  }
  return { compression, chunks: uncompressed(), findings: () => log.findings }
}
