import { decodeBase64 } from '../bytes/base64.js'
import { BLOCK } from './header.js'
import { sidecarLines, type SidecarPlace } from './split-lines.js'
import { entriesOfLine, segmentPayload, type SplitEntry } from './split-read.js'

/** Follows the headers of a sidecar's segments, to know of each file whether the tar has any content of it. */
export interface SplitHeaders {
  /** The next segment: its last block is the header of the file that follows. */
  segment(bytes: Uint8Array): void
  /** Bytes that stand in the tar between this file's header and the next segment. */
  contentOf(entry: Extract<SplitEntry, { kind: 'file' }>): number
}

const TYPEFLAG = 156

/** See SplitHeaders; for the entries of one sidecar, in their order. */
export function splitHeaders(): SplitHeaders {
  let typeflag = 0
  return {
    segment(bytes) {
      typeflag = bytes[bytes.length - BLOCK + TYPEFLAG] ?? typeflag
    },
    contentOf({ size, crc }) {
      // Headers of links, devices and directories have no content whatever size they claim (Go's isHeaderOnly).
      const isHeaderOnly = crc === '0000000000000000' && typeflag >= 0x31 && typeflag <= 0x36
      return isHeaderOnly ? 0 : size
    },
  }
}

/**
 * Bytes of the tar that a sidecar was made of, from the decompressed sidecar. Of segments only the end is decoded, so that
 * it is quicker than to read them. Errors: those of readSplit, but for names that stand there twice.
 */
export async function splitSize(chunks: AsyncIterable<Uint8Array>, place: SidecarPlace): Promise<number> {
  const headers = splitHeaders()
  let [total, offset] = [0, 0]
  for await (const lines of sidecarLines(chunks, place)) {
    for (const line of lines) {
      const payload = segmentPayload(line)
      const length = payload === undefined ? undefined : lengthOfBase64(payload)
      if (payload !== undefined && length !== undefined) {
        headers.segment(lastBytes(payload))
        total += length
      } else {
        for (const entry of entriesOfLine(line, { location: place.location, offset })) {
          if (entry.kind === 'segment') headers.segment(entry.bytes)
          total += entry.kind === 'segment' ? entry.bytes.length : headers.contentOf(entry)
        }
      }
      offset += line.length + 1
    }
  }
  return total
}

const EQUALS = 0x3d

function lengthOfBase64(text: Uint8Array): number | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.at(-1) !== EQUALS ? 0 : text.at(-2) === EQUALS ? 2 : 1
  return (text.length / 4) * 3 - padding
}

// Four letters are three bytes, of which up to two are missing at the end.
const BLOCK_LETTERS = Math.ceil((BLOCK + 2) / 3) * 4

function lastBytes(payload: Uint8Array): Uint8Array {
  return decodeBase64(payload.subarray(Math.max(0, payload.length - BLOCK_LETTERS))) ?? new Uint8Array(0)
}
