// What Go's encoding/json writes beyond JSON.stringify: HTML-sensitive characters and the line separators are escaped.
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['<', '\\u003c'],
  ['>', '\\u003e'],
  ['&', '\\u0026'],
  ['\u2028', '\\u2028'],
  ['\u2029', '\\u2029'],
])

/** JSON text with the escapes that Go's encoding/json adds inside strings. */
export function goEscape(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => ESCAPES.get(character) ?? character)
}

/** A string as Go's encoding/json writes it. */
export function goString(text: string): string {
  return goEscape(JSON.stringify(text))
}

/** A list as Go writes it; undefined is a nil slice. */
export function goList(items: readonly string[] | undefined): string {
  return items === undefined ? 'null' : `[${items.map(goString).join(',')}]`
}

/** An object from keys and ready JSON values, in the order given. */
export function goObject(members: Iterable<readonly [string, string]>): string {
  return `{${[...members].map(([key, value]) => `${goString(key)}:${value}`).join(',')}}`
}

const encoder = new TextEncoder()

/** Byte order of the UTF-8 forms: the order in which Go sorts map keys. */
export function byBytes(a: string, b: string): number {
  const [left, right] = [encoder.encode(a), encoder.encode(b)]
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/**
 * JSON text without the white space between its tokens and with Go's escapes, as json.Marshal writes a RawMessage:
 * keys keep their order, numbers their digits.
 */
export function goCompact(json: string): string {
  return goEscape(json.replace(/"(?:[^"\\]|\\.)*"|[ \t\r\n]+/g, (token) => (token.startsWith('"') ? token : '')))
}

/** The members of a JSON object with their values as compact text; of a repeated key the last. The text must be valid. */
export function rawMembers(json: string): ReadonlyMap<string, string> {
  const text = goCompact(json)
  const members = new Map<string, string>()
  let at = 1
  while (at < text.length - 1) {
    const keyEnd = tokenEnd(text, at)
    const key: unknown = JSON.parse(text.slice(at, keyEnd))
    const valueEnd = tokenEnd(text, keyEnd + 1)
    if (typeof key === 'string') members.set(key, text.slice(keyEnd + 1, valueEnd))
    at = valueEnd + 1
  }
  return members
}

/** Where the JSON value that starts at `start` ends, in compact text. */
function tokenEnd(text: string, start: number): number {
  let depth = 0
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/g
  tokens.lastIndex = start
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [mark] = token
    if (mark === '{' || mark === '[') depth += 1
    else if (mark === '}' || mark === ']') depth -= 1
    else if (mark.startsWith('"') && depth === 0 && token.index === start) return tokens.lastIndex
    else if (mark === ',' && depth === 0) return token.index
    if (depth === 0 && (mark === '}' || mark === ']')) return tokens.lastIndex
    if (depth < 0) return token.index
  }
  return text.length
}

/** A time as Go's time.Time writes itself again: no trailing zeros in the fraction. Undefined is Go's zero time. */
export function goTime(text: string | undefined): string {
  if (text === undefined || text === '') return '0001-01-01T00:00:00Z'
  return text.replace(/\.(\d*?)0*(?=Z|[+-]\d\d:\d\d$)/, (_, digits: string) => (digits === '' ? '' : `.${digits}`))
}
