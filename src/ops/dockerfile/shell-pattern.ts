/** `*`, `?`, or a character that stands for itself. */
type Token = { readonly wild: '*' | '?' } | { readonly char: string }

/** Tokens between stars: the first run stands where the match begins, each other one behind a star. */
type Runs = readonly (readonly Token[])[]

/**
 * A value without the shortest (or longest) beginning that a pattern matches, as `${v#p}` and `${v##p}`; the whole value
 * where none does. Patterns are those of BuildKit's shell lexer: `*` and `?` match no newline, there are no brackets, and a
 * backslash stands before `*`, `?`, itself, `}` and `/`. Undefined for a backslash before anything else.
 */
export function withoutPrefix(pattern: string, value: string, longest: boolean): string | undefined {
  return trimmed(tokensOf(pattern), Array.from(value), longest)?.join('')
}

/** The same for the end of a value, as `${v%p}` and `${v%%p}`. */
export function withoutSuffix(pattern: string, value: string, longest: boolean): string | undefined {
  return trimmed(tokensOf(pattern)?.reverse(), Array.from(value).reverse(), longest)?.reverse().join('')
}

/** A value with the first match (or all) of a pattern replaced, each the longest, as `${v/p/r}` and `${v//p/r}`. */
export function withReplaced(
  pattern: string,
  value: string,
  by: { first: string } | { all: string },
): string | undefined {
  const tokens = tokensOf(pattern)
  if (tokens === undefined) return undefined
  const chars = Array.from(value)
  let [text, last] = ['', 0]
  for (const { start, end } of matchesIn(runsOf(tokens), chars)) {
    text += chars.slice(last, start).join('')
    last = end
    if ('first' in by) return text + by.first + chars.slice(last).join('')
    text += goTemplate(by.all, chars.slice(start, end).join(''))
  }
  return text + chars.slice(last).join('')
}

function tokensOf(pattern: string): Token[] | undefined {
  const tokens: Token[] = []
  const chars = Array.from(pattern)
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? ''
    const next = chars[at + 1] ?? ''
    if (char === '*' || char === '?') tokens.push({ wild: char })
    else if (char !== '\\') tokens.push({ char })
    else if ('*?\\'.includes(next) && next !== '') tokens.push({ char: chars[++at] ?? '' })
    // Those are escaped to stand in `${…}`; the pattern has them as they are.
    else if (next !== '}' && next !== '/') return undefined
  }
  return tokens
}

function runsOf(tokens: readonly Token[]): Runs {
  const runs: Token[][] = [[]]
  for (const token of tokens) {
    if ('wild' in token && token.wild === '*') runs.push([])
    else runs.at(-1)?.push(token)
  }
  return runs
}

function trimmed(tokens: Token[] | undefined, chars: readonly string[], longest: boolean): string[] | undefined {
  if (tokens === undefined) return undefined
  return chars.slice(endFrom(runsOf(tokens), chars, 0, longest) ?? 0)
}

function isRunAt(run: readonly Token[], chars: readonly string[], at: number): boolean {
  if (at + run.length > chars.length) return false
  return run.every((token, index) => {
    const char = chars[at + index]
    return 'wild' in token ? char !== '\n' : char === token.char
  })
}

/**
 * Where a match that begins at `start` ends. Each run is taken where it comes first, so that nothing is tried twice: what
 * the runs behind it need can only be further away for a later one. Only the last run tells short from long.
 */
function endFrom(runs: Runs, chars: readonly string[], start: number, longest: boolean): number | undefined {
  const [first = [], ...others] = runs
  if (!isRunAt(first, chars, start)) return undefined
  let end = start + first.length
  for (const [index, run] of others.entries()) {
    const isLast = index === others.length - 1
    const at = placeOf(run, chars, { from: end, last: isLast && longest })
    if (at === undefined) return undefined
    end = at + run.length
  }
  return end
}

/** Where a run stands behind a star: the first place, or the last one. */
function placeOf(
  run: readonly Token[],
  chars: readonly string[],
  { from, last }: { readonly from: number; readonly last: boolean },
): number | undefined {
  const limit = lineEnd(chars, from)
  for (let step = 0; step <= limit - from; step++) {
    const at = last ? limit - step : from + step
    if (isRunAt(run, chars, at)) return at
  }
  return undefined
}

function lineEnd(chars: readonly string[], from: number): number {
  const newline = chars.indexOf('\n', from)
  return newline < 0 ? chars.length : newline
}

/** Matches from left to right as Go's ReplaceAll takes them: an empty one behind another counts for nothing. */
function* matchesIn(runs: Runs, chars: readonly string[]): Generator<{ start: number; end: number }> {
  let last = 0
  for (let start = 0; start <= chars.length; start++) {
    const end = endFrom(runs, chars, start, true)
    if (end === undefined) {
      // Where what follows the first star is not in the rest of the line, it is not for a later start either.
      if (runs.length > 1 && isRunAt(runs[0] ?? [], chars, start)) start = lineEnd(chars, start)
      continue
    }
    if (end > last || start === 0) yield { start, end }
    last = end
    if (end > start) start = end - 1
  }
}

// Go's Regexp.Expand: a pattern has no groups but the whole match.
function goTemplate(template: string, match: string): string {
  return template.replace(
    /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_, dollar?: string, a?: string, b?: string) => {
      if (dollar !== undefined) return '$'
      return (a ?? b) === '0' ? match : ''
    },
  )
}
