import { StringDecoder } from 'node:string_decoder'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'

/** Where a sidecar comes from, and how much of it may be one line. */
export interface SidecarPlace {
  readonly limits: Limits
  readonly location: string
}

// Keeps nothing between calls: each byte is a character. Many times quicker than to look for ends in JavaScript.
const LATIN1 = new StringDecoder('latin1')
// Larger texts are collected late.
const PIECE = 64 * 1024
// A segment has at most 1 MiB, but old daemons put all bytes behind the end marker into one line.
const LINE_FACTOR = 16

/**
 * The lines of a sidecar without their ends, a latin1 character a byte, in batches. The last has no end, and is mostly
 * empty. Errors: ERR_LIMIT.
 */
export async function* sidecarLines(
  chunks: AsyncIterable<Uint8Array>,
  { limits, location }: SidecarPlace,
): AsyncGenerator<readonly string[]> {
  const most = limits.json * LINE_FACTOR
  let rest = ''
  let seen = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      const lines = LATIN1.write(chunk.subarray(at, at + PIECE)).split('\n')
      lines[0] = rest + (lines[0] ?? '')
      rest = lines.pop() ?? ''
      seen += Math.min(PIECE, chunk.length - at)
      if (rest.length > most) {
        const [offset, hint] = [seen - rest.length, '--limit-json raises the limit']
        throw new ArchiveError('ERR_LIMIT', `a line of more than ${most} bytes`, { location, offset, hint })
      }
      yield lines
    }
  }
  yield [rest]
}
