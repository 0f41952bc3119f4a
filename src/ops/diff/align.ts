/** Two items that belong together, by their places; one of them may be missing. */
export interface Aligned {
  readonly a: number | undefined
  readonly b: number | undefined
}

// Histories and layers have some hundred items; hostile ones do not get a table of their square.
const MOST_CELLS = 4_000_000

/**
 * Aligns two lists so that as many items as possible meet one that `same` holds to be the same, order kept: an item put
 * in leaves all others where they were. What stands alone comes before what follows it, side a first.
 */
export function align(lengthA: number, lengthB: number, same: (a: number, b: number) => boolean): Aligned[] {
  if (lengthA * lengthB > MOST_CELLS) return positional(lengthA, lengthB)
  const lengths = table(lengthA, lengthB, same)
  const at = (a: number, b: number) => lengths[a * (lengthB + 1) + b] ?? 0
  const found: Aligned[] = []
  let [a, b] = [0, 0]
  while (a < lengthA && b < lengthB) {
    if (same(a, b) && at(a, b) === at(a + 1, b + 1) + 1) found.push({ a: a++, b: b++ })
    else if (at(a + 1, b) >= at(a, b + 1)) found.push({ a: a++, b: undefined })
    else found.push({ a: undefined, b: b++ })
  }
  while (a < lengthA) found.push({ a: a++, b: undefined })
  while (b < lengthB) found.push({ a: undefined, b: b++ })
  return found
}

/** The alignment with its sides exchanged, if it was made the other way round. Where several are as good, both directions must choose one. */
export function turned(aligned: readonly Aligned[], isTurned: boolean): readonly Aligned[] {
  return isTurned ? aligned.map(({ a, b }) => ({ a: b, b: a })) : aligned
}

/** Lengths of the longest common subsequences of all tails. */
function table(lengthA: number, lengthB: number, same: (a: number, b: number) => boolean): Uint32Array {
  const width = lengthB + 1
  const cells = new Uint32Array((lengthA + 1) * width)
  for (let a = lengthA - 1; a >= 0; a--) {
    for (let b = lengthB - 1; b >= 0; b--) {
      const here = a * width + b
      const skipped = Math.max(cells[here + width] ?? 0, cells[here + 1] ?? 0)
      cells[here] = same(a, b) ? Math.max(skipped, (cells[here + width + 1] ?? 0) + 1) : skipped
    }
  }
  return cells
}

function positional(lengthA: number, lengthB: number): Aligned[] {
  return Array.from({ length: Math.max(lengthA, lengthB) }, (_, index) => ({
    a: index < lengthA ? index : undefined,
    b: index < lengthB ? index : undefined,
  }))
}

/** Runs of items that found no partner, each between two pairs: what a second look may bring together. */
export function pairLeftovers(
  aligned: readonly Aligned[],
  same: (a: number, b: number) => boolean,
): readonly Aligned[] {
  const result: Aligned[] = []
  let run: Aligned[] = []
  const close = () => {
    const [as, bs] = [run.flatMap(({ a }) => a ?? []), run.flatMap(({ b }) => b ?? [])]
    const inner = align(as.length, bs.length, (a, b) => same(as[a] ?? -1, bs[b] ?? -1))
    for (const { a, b } of inner) result.push({ a: a === undefined ? a : as[a], b: b === undefined ? b : bs[b] })
    run = []
  }
  for (const pair of aligned) {
    if (pair.a === undefined || pair.b === undefined) run.push(pair)
    else {
      close()
      result.push(pair)
    }
  }
  close()
  return result
}
