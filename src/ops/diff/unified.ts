/** Lines of context around each change, as diff -u has them. */
const CONTEXT = 3
// The work grows with the lines times the changes: beyond this the changed middle is shown as one block.
const MOST_EDITS = 2000

interface Edit {
  readonly kind: ' ' | '-' | '+'
  readonly line: string
}

/**
 * A unified diff of two texts (POSIX diff -u, without file names), by the shortest edit script of Myers. Texts that have
 * almost nothing in common are shown as one block taken away and one put in. Nothing for equal texts.
 */
export function unifiedDiff(a: string, b: string): string[] {
  if (a === b) return []
  const [one, two] = [linesOf(a), linesOf(b)]
  let start = 0
  while (start < one.length && start < two.length && one[start] === two[start]) start += 1
  let [endA, endB] = [one.length, two.length]
  while (endA > start && endB > start && one[endA - 1] === two[endB - 1]) [endA, endB] = [endA - 1, endB - 1]
  const middle = shortestEdits(one.slice(start, endA), two.slice(start, endB))
  const same = (line: string): Edit => ({ kind: ' ', line })
  return hunks([...one.slice(0, start).map(same), ...middle, ...one.slice(endA).map(same)])
}

/** Lines with a mark where the last one has no end. */
function linesOf(text: string): string[] {
  const lines = text.split('\n')
  const last = lines.pop()
  return last === undefined || last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

/** Myers, "An O(ND) Difference Algorithm": the furthest reaching paths of ever more edits, then the way back. */
function shortestEdits(a: readonly string[], b: readonly string[]): Edit[] {
  const most = Math.min(a.length + b.length, MOST_EDITS)
  const reach = new Int32Array(2 * most + 3)
  const middle = most + 1
  const traces: Int32Array[] = []
  for (let edits = 0; edits <= most; edits++) {
    traces.push(reach.slice(middle - edits - 1, middle + edits + 2))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const at = middle + diagonal
      const [left, right] = [reach[at - 1] ?? 0, reach[at + 1] ?? 0]
      const isDown = diagonal === -edits || (diagonal !== edits && left < right)
      let x = isDown ? right : left + 1
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1
      reach[at] = x
      if (x >= a.length && x - diagonal >= b.length) return wayBack(traces, a, b)
    }
  }
  return [...a.map((line): Edit => ({ kind: '-', line })), ...b.map((line): Edit => ({ kind: '+', line }))]
}

function wayBack(traces: readonly Int32Array[], a: readonly string[], b: readonly string[]): Edit[] {
  const edits: Edit[] = []
  let [x, y] = [a.length, b.length]
  for (let count = traces.length - 1; count >= 0; count--) {
    const trace = traces[count] ?? new Int32Array(0)
    const at = (diagonal: number) => trace[diagonal + count + 1] ?? 0
    const diagonal = x - y
    const isDown = diagonal === -count || (diagonal !== count && at(diagonal - 1) < at(diagonal + 1))
    const before = isDown ? diagonal + 1 : diagonal - 1
    const fromX = count === 0 ? 0 : at(before)
    const fromY = count === 0 ? 0 : fromX - before
    while (x > fromX && y > fromY) {
      x -= 1
      y -= 1
      edits.push({ kind: ' ', line: a[x] ?? '' })
    }
    if (count === 0) break
    if (isDown) edits.push({ kind: '+', line: b[--y] ?? '' })
    else edits.push({ kind: '-', line: a[--x] ?? '' })
  }
  return edits.reverse()
}

function hunks(edits: readonly Edit[]): string[] {
  const lines: string[] = []
  let [lineA, lineB] = [1, 1]
  for (let at = 0; at < edits.length;) {
    let first = at
    while (edits[first]?.kind === ' ') first += 1
    if (first === edits.length) break
    const from = Math.max(at, first - CONTEXT)
    const end = hunkEnd(edits, first)
    lineA += from - at
    lineB += from - at
    const hunk = edits.slice(from, end)
    const [sizeA, sizeB] = [
      hunk.filter(({ kind }) => kind !== '+').length,
      hunk.filter(({ kind }) => kind !== '-').length,
    ]
    lines.push(`@@ -${range(lineA, sizeA)} +${range(lineB, sizeB)} @@`)
    for (const { kind, line } of hunk) lines.push(...`${kind}${line}`.split('\n'))
    lineA += sizeA
    lineB += sizeB
    at = end
  }
  return lines
}

/** Behind the context of the last change that is near enough to the one before. */
function hunkEnd(edits: readonly Edit[], first: number): number {
  let last = first
  for (let at = first; at < edits.length && at - last <= 2 * CONTEXT; at++) if (edits[at]?.kind !== ' ') last = at
  return Math.min(edits.length, last + CONTEXT + 1)
}

function range(line: number, size: number): string {
  const start = size === 0 ? line - 1 : line
  return size === 1 ? `${start}` : `${start},${size}`
}
