/**
 * The candidate that a mistyped word most likely means: one letter off, left out, added or swapped, and two in words of six
 * and more; undefined where none is so near.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const most = word.length < 6 ? 1 : 2
  const near = candidates
    .map((candidate) => ({ candidate, distance: distanceOf(word, candidate) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

/** Optimal string alignment: insertions, deletions, substitutions, and neighbours that changed places. */
function distanceOf(a: string, b: string): number {
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let at = 1; at <= b.length; at++) {
      const isSwapped = row > 1 && at > 1 && a[row - 1] === b[at - 2] && a[row - 2] === b[at - 1]
      const ways = [
        cell(last, at) + 1,
        cell(current, at - 1) + 1,
        cell(last, at - 1) + (a[row - 1] === b[at - 1] ? 0 : 1),
        ...(isSwapped ? [cell(beforeLast, at - 2) + 1] : []),
      ]
      current.push(Math.min(...ways))
    }
    beforeLast = last
    last = current
  }
  return cell(last, b.length)
}

function cell(row: readonly number[], at: number): number {
  return row[at] ?? Number.POSITIVE_INFINITY
}
