import { decodeBase64, lengthOfBase64 } from '../bytes/base64.js'
import { BLOCK } from './header.js'
import { sidecarLines, type SidecarPlace } from './split-lines.js'
import { fileOfLine, segmentPayload, type SplitFile } from './split-line.js'
import { entriesOfLine, type LinePlace } from './split-read.js'

/** Follows the headers of a sidecar's segments, to know of each file whether the tar has any content of it. */
export interface SplitHeaders {
  /** The next segment: its last block is the header of the file that follows. */
  segment(bytes: Uint8Array): void
  /** The same, of a segment in base64 that has so many bytes. */
  payload(base64: string, length: number): void
  /** Bytes that stand in the tar between this file's header and the next segment. */
  contentOf(file: SplitFile): number
}

const TYPEFLAG = 156

/** See SplitHeaders; for the entries of one sidecar, in their order. */
export function splitHeaders(): SplitHeaders {
  let typeflag = 0
  return {
    segment(bytes) {
      typeflag = bytes[bytes.length - BLOCK + TYPEFLAG] ?? typeflag
    },
    payload(base64, length) {
      const at = length - BLOCK + TYPEFLAG
      if (at >= 0) typeflag = threeBytes(base64, Math.floor(at / 3))?.[at % 3] ?? typeflag
    },
    contentOf({ size, crc }) {
      // Headers of links, devices and directories have no content whatever size they claim (Go's isHeaderOnly).
      const isHeaderOnly = crc === '0000000000000000' && typeflag >= 0x31 && typeflag <= 0x36
      return isHeaderOnly ? 0 : size
    },
  }
}

/** Four letters of base64 are three bytes. */
function threeBytes(base64: string, index: number): Uint8Array | undefined {
  return decodeBase64(base64.slice(index * 4, index * 4 + 4))
}

/**
 * Bytes of the tar that a sidecar was made of, from the decompressed sidecar. Of segments only a byte is decoded, so that
 * it is quicker than to read them. Errors: those of readSplit, but for names that stand there twice.
 */
export async function splitSize(chunks: AsyncIterable<Uint8Array>, place: SidecarPlace): Promise<number> {
  const sizeOf = lineSizes(place.location)
  let total = 0
  for await (const lines of sidecarLines(chunks, place)) total += sizeOf(lines)
  return total
}

/** Bytes of the tar that lines stand for, which follow each other. */
function lineSizes(location: string): (lines: readonly string[]) => number {
  const headers = splitHeaders()
  let offset = 0
  return (lines) => {
    let size = 0
    for (const line of lines) {
      size += sizeOfLine(line, headers, { location, offset })
      offset += line.length + 1
    }
    return size
  }
}

function sizeOfLine(line: string, headers: SplitHeaders, place: LinePlace): number {
  const payload = segmentPayload(line)
  const length = payload === undefined ? undefined : lengthOfBase64(payload)
  if (payload !== undefined && length !== undefined) {
    headers.payload(payload, length)
    return length
  }
  const file = fileOfLine(line)
  if (file !== undefined) return headers.contentOf(file)
  let size = 0
  for (const entry of entriesOfLine(line, place)) {
    if (entry.kind === 'segment') headers.segment(entry.bytes)
    size += entry.kind === 'segment' ? entry.bytes.length : headers.contentOf(entry)
  }
  return size
}
