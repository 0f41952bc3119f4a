import { concat } from '../bytes/concat.js'
import type { Limits } from '../context.js'
import { decodeTar } from './decode.js'
import { partFeeder } from './part-feeder.js'
import { retimedHeader, type Retiming } from './retime.js'

/** What a retiming is of. */
export interface RetimedTar {
  readonly retiming: Retiming
  readonly limits: Limits
  /** Hears of each entry whether its headers change, before they are given. */
  readonly onEntry?: (isChanged: boolean) => void
}

/**
 * A tar with other times in its headers; all other bytes are as they were, what is behind its end marker too, or behind what
 * cannot be read. Chunks are valid until the next is asked for.
 */
export async function* retimedTar(
  chunks: AsyncIterable<Uint8Array>,
  { retiming, limits, onEntry }: RetimedTar,
): AsyncGenerator<Uint8Array> {
  const out = growing()
  const header: Uint8Array[] = []
  const decoder = decodeTar(
    {
      onEntry() {
        const bytes = concat(header.splice(0))
        const next = retimedHeader(bytes, retiming)
        onEntry?.(next !== bytes)
        out.add(next)
      },
    },
    limits,
  )
  const giveHeld = () => header.splice(0).forEach(out.add)
  const feeder = partFeeder(decoder, (bytes, part) => {
    // The content of a PAX header has padding, too.
    if (part === 'header' || (part === 'padding' && header.length > 0)) header.push(bytes.slice())
    else {
      giveHeld()
      out.add(bytes)
    }
  })
  for await (const chunk of chunks) {
    feeder.push(chunk)
    if (out.length > 0) yield out.take()
  }
  feeder.end()
  giveHeld() // the end marker where nothing follows it, or half a header
  if (out.length > 0) yield out.take()
}

/** Bytes that are put together; what is taken is valid until more are added. */
interface Growing {
  readonly length: number
  readonly add: (bytes: Uint8Array) => void
  take(): Uint8Array
}

function growing(): Growing {
  let bytes = new Uint8Array(64 * 1024)
  let used = 0
  return {
    get length() {
      return used
    },
    add(more) {
      if (used + more.length > bytes.length) {
        const larger = new Uint8Array(Math.max(used + more.length, bytes.length * 2))
        larger.set(bytes.subarray(0, used))
        bytes = larger
      }
      bytes.set(more, used)
      used += more.length
    },
    take() {
      const taken = bytes.subarray(0, used)
      used = 0
      return taken
    },
  }
}
