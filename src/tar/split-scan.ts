import { refuseAborted } from '../errors.js'
import { concat } from '../bytes/concat.js'
import type { RunContext } from '../context.js'
import { decodeTar, type TarHandlers } from './decode.js'
import type { TarEnd } from './end.js'
import type { SplitEntry } from './split-line.js'

/**
 * Scans the headers of a tar that was taken apart: the segments hold them all, so that no file is opened. Contents are
 * taken to be as long as the sidecar says. Errors: those of the entries, ERR_ABORTED.
 */
export async function scanSplit(
  entries: AsyncIterable<readonly SplitEntry[]>,
  handlers: Omit<TarHandlers, 'onContent'>,
  { limits, signal }: Pick<RunContext, 'limits' | 'signal'>,
): Promise<TarEnd> {
  const decoder = decodeTar(handlers, limits)
  let step = decoder.next()
  let held = new Uint8Array(0)
  let count = 0
  // `bytes` are given, or only `length` of them are known to be there.
  const feed = (length: number, bytes: Uint8Array | undefined) => {
    for (let at = 0; at < length && step.done !== true;) {
      const request = step.value
      const part = Math.min(request.length - count, length - at)
      if (request.want === 'bytes') held = concat([held, bytes?.subarray(at, at + part) ?? new Uint8Array(part)])
      at += part
      count += part
      if (count === request.length) answer(request.want === 'bytes' ? held : count)
    }
  }
  const answer = (value: Uint8Array | number) => {
    held = new Uint8Array(0)
    count = 0
    step = decoder.next(value)
  }
  for await (const batch of entries) {
    refuseAborted(signal)
    for (const entry of batch) {
      if (entry.kind === 'segment') feed(entry.bytes.length, entry.bytes)
      else if (wantsContent(step)) feed(entry.size, undefined)
    }
  }
  while (step.done !== true) answer(step.value.want === 'bytes' ? held : count)
  return step.value
}

// A link that claims a size has none in the tar either: the decoder is at the next header already.
function wantsContent(step: IteratorResult<{ readonly part: string }, unknown>): boolean {
  return step.done !== true && step.value.part === 'content'
}
