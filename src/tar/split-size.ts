import { BLOCK } from './header.js'
import type { SplitEntry } from './split-read.js'

/** Follows the headers of a sidecar's segments, to know of each file whether the tar has any content of it. */
export interface SplitHeaders {
  /** The next segment: its last block is the header of the file that follows. */
  segment(bytes: Uint8Array): void
  /** Bytes that stand in the tar between this file's header and the next segment. */
  contentOf(entry: Extract<SplitEntry, { kind: 'file' }>): number
}

/** See SplitHeaders; for the entries of one sidecar, in their order. */
export function splitHeaders(): SplitHeaders {
  let typeflag = 0
  return {
    segment(bytes) {
      typeflag = bytes[bytes.length - BLOCK + 156] ?? typeflag
    },
    contentOf({ size, crc }) {
      // Headers of links, devices and directories have no content whatever size they claim (Go's isHeaderOnly).
      const isHeaderOnly = crc === '0000000000000000' && typeflag >= 0x31 && typeflag <= 0x36
      return isHeaderOnly ? 0 : size
    },
  }
}

/** Bytes of the tar that a sidecar was made of. Errors: those of readSplit. */
export async function splitSize(entries: AsyncIterable<readonly SplitEntry[]>): Promise<number> {
  const headers = splitHeaders()
  let total = 0
  for await (const batch of entries) {
    for (const entry of batch) {
      if (entry.kind === 'segment') headers.segment(entry.bytes)
      total += entry.kind === 'segment' ? entry.bytes.length : headers.contentOf(entry)
    }
  }
  return total
}
