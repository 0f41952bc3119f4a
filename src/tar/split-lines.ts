import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'

/** Where a sidecar comes from, and how much of it may be one line. */
export interface SidecarPlace {
  readonly limits: Limits
  readonly location: string
}

const NEWLINE = 0x0a
// A segment has at most 1 MiB, but old daemons put all bytes behind the end marker into one line.
const LINE_FACTOR = 16

/**
 * The lines of a sidecar without their ends, in batches; they are valid until the next batch is asked for. The last has no
 * end, and is mostly empty. Errors: ERR_LIMIT.
 */
export async function* sidecarLines(
  chunks: AsyncIterable<Uint8Array>,
  { limits, location }: SidecarPlace,
): AsyncGenerator<readonly Uint8Array[]> {
  const most = limits.json * LINE_FACTOR
  let rest: Uint8Array = new Uint8Array(0)
  let offset = 0
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : joined(rest, chunk)
    const batch: Uint8Array[] = []
    let at = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      batch.push(bytes.subarray(at, end))
      at = end + 1
    }
    offset += at
    rest = bytes.slice(at)
    if (rest.length > most) {
      const hint = '--limit-json raises the limit'
      throw new ArchiveError('ERR_LIMIT', `a line of more than ${most} bytes`, { location, offset, hint })
    }
    yield batch
  }
  yield [rest]
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
