import type { ByteSource } from './source.js'

/** A range of a source, and where in the output buffer it goes. */
export interface Placed {
  readonly source: ByteSource
  readonly offset: number
  readonly length: number
  readonly at: number
}

/** One read for one range or for several that lie close together. */
export interface Read {
  readonly source: ByteSource
  readonly offset: number
  readonly length: number
  readonly target:
    /** All ranges lie apart in the source as they do in the output: straight into the output, from `at` on. */
    | { readonly kind: 'direct'; readonly at: number }
    /** Into the scratch buffer, and from there each to its place. */
    | { readonly kind: 'scattered'; readonly scratchAt: number; readonly parts: readonly Placed[] }
}

// Two reads cost more than one that reads this much for nothing.
const GAP = 4 * 1024
// A larger range is worth a read of its own; copying it once more is not.
const SMALL = 32 * 1024

interface Run {
  readonly source: ByteSource
  readonly parts: Placed[]
  readonly start: number
  end: number
  /** Whether what is between the ranges is as long in the output. */
  direct: boolean
  small: boolean
}

/** Reads, and how many bytes of scratch they take. */
export interface PlannedReads {
  readonly reads: readonly Read[]
  readonly scratch: number
}

/** The fewest reads that are worth while for ranges in the order of the output; at most `most` bytes are scattered. */
export function plannedReads(ranges: readonly Placed[], most: number): PlannedReads {
  const runs: Run[] = []
  let free = most
  for (const range of ranges) {
    const last = runs.at(-1)
    const joined = last === undefined ? undefined : join(last, range, free)
    if (joined === undefined) runs.push(runOf(range))
    else free -= joined
  }
  let scratchAt = 0
  const reads = runs.map(({ source, parts, start, end, direct }): Read => {
    const length = end - start
    if (direct) return { source, offset: start, length, target: { kind: 'direct', at: parts[0]?.at ?? 0 } }
    const read: Read = { source, offset: start, length, target: { kind: 'scattered', scratchAt, parts } }
    scratchAt += length
    return read
  })
  return { reads, scratch: scratchAt }
}

function runOf(range: Placed): Run {
  const { source, offset, length } = range
  return { source, parts: [range], start: offset, end: offset + length, direct: true, small: length <= SMALL }
}

/** Adds a range to a run where that is worth while; how many bytes of scratch it takes, undefined where it is not. */
function join(run: Run, range: Placed, free: number): number | undefined {
  const gap = range.offset - run.end
  const last = run.parts.at(-1)
  if (range.source !== run.source || gap < 0 || gap > GAP || last === undefined) return undefined
  const inStep = run.direct && range.at - range.offset === last.at - last.offset
  const isSmall = range.length <= SMALL
  const end = range.offset + range.length
  const takes = inStep ? 0 : run.direct ? end - run.start : end - run.end
  if (!inStep && (!run.small || !isSmall || takes > free)) return undefined
  run.direct = inStep
  run.small &&= isSmall
  run.parts.push(range)
  run.end = end
  return takes
}
