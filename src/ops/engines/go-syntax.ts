import { scanJson } from '../../model/json-scan.js'

/** What a Go program got from a document: the parsed value, or what encoding/json says. */
export type Decoded = { readonly value: unknown } | { readonly fault: string }

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const SPACE = /\s/

/** The document as json.Decoder reads it: the first value counts, whatever follows. */
export function decodeFirst(bytes: Uint8Array): Decoded {
  return decode(bytes, 'decoder')
}

/** The document as json.Unmarshal reads it: nothing but white space may follow the value. */
export function decodeWhole(bytes: Uint8Array): Decoded {
  return decode(bytes, 'unmarshal')
}

function decode(bytes: Uint8Array, way: 'decoder' | 'unmarshal'): Decoded {
  const scan = scanJson(bytes)
  if (scan.fault !== undefined) return { fault: faultAt(bytes, scan.fault, way) }
  if (way === 'unmarshal' && scan.trailing > 0) {
    const at = bytes.length - scan.trailing
    return { fault: `invalid character ${quoted(bytes, at)} after top-level value` }
  }
  const value: unknown = JSON.parse(decoder.decode(bytes.subarray(0, scan.end)))
  return { value }
}

function faultAt(
  bytes: Uint8Array,
  fault: { readonly offset: number; readonly message: string },
  way: 'decoder' | 'unmarshal',
): string {
  if (fault.message.startsWith('nested')) return 'exceeded max depth'
  const [at, expectation] = expectedAt(bytes, fault.offset)
  if (at < bytes.length) return `invalid character ${quoted(bytes, at)} ${expectation}`
  if (way === 'unmarshal') return 'unexpected end of JSON input'
  return SPACE.test(decoder.decode(bytes)) || bytes.length > 0 ? 'unexpected EOF' : 'EOF'
}

// Go shows the byte that stopped it, as a character of its own.
function quoted(bytes: Uint8Array, at: number): string {
  const byte = bytes[at] ?? 0
  if (byte === 0x27) return `'\\''`
  if (byte === 0x22) return `'"'`
  if (byte >= 0x20 && byte < 0x7f) return `'${String.fromCharCode(byte)}'`
  const known = new Map([
    [0x0a, '\\n'],
    [0x0d, '\\r'],
    [0x09, '\\t'],
  ]).get(byte)
  if (known !== undefined) return `'${known}'`
  return byte < 0xa0 ? `'\\x${byte.toString(16).padStart(2, '0')}'` : `'${String.fromCharCode(byte)}'`
}

/** Where Go would stop, which is inside a word where we name its start, and what it had wanted there. */
function expectedAt(bytes: Uint8Array, offset: number): readonly [number, string] {
  const literal = ['true', 'false', 'null'].find((word) => word.charCodeAt(0) === bytes[offset])
  const before = contextBefore(bytes, offset)
  if (literal === undefined || before !== 'looking for beginning of value') return [offset, before]
  for (let index = 1; index < literal.length; index++) {
    if (bytes[offset + index] === literal.charCodeAt(index)) continue
    return [offset + index, `in literal ${literal} (expecting '${literal.charAt(index)}')`]
  }
  return [offset, before]
}

/** What encoding/json calls the state it is in after the bytes before `offset`, which are sound. */
function contextBefore(bytes: Uint8Array, offset: number): string {
  const open: ('{' | '[')[] = []
  let state = 'looking for beginning of value'
  let isString = false
  for (let at = 0; at < offset; at++) {
    const character = String.fromCharCode(bytes[at] ?? 0)
    if (isString) {
      if (character === '\\') at += 1
      else if (character === '"') isString = false
      continue
    }
    if (SPACE.test(character)) continue
    const isKey = state.includes('object key string')
    if (character === '"') isString = true
    if (character === '{' || character === '[') open.push(character)
    if (character === '}' || character === ']') open.pop()
    state = stateAfter(character, open.at(-1), isKey)
  }
  return isString ? 'in string literal' : state
}

function stateAfter(character: string, inside: '{' | '[' | undefined, wasKey: boolean): string {
  if (character === '{') return 'looking for beginning of object key string'
  if (character === ',' && inside === '{') return 'looking for beginning of object key string'
  if (character === '[' || character === ',' || character === ':') return 'looking for beginning of value'
  if (wasKey && character === '"') return 'after object key'
  if (inside === undefined) return 'after top-level value'
  return inside === '{' ? 'after object key:value pair' : 'after array element'
}
