import { encodeBase64 } from '../bytes/base64.js'
import { displayPath, latin1Bytes, latin1Of } from './path.js'
import type { SplitEntry } from './split-line.js'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Turns entries into lines of a sidecar, byte for byte as Go's encoder writes them for docker. */
export function splitLines(): (entry: SplitEntry) => Uint8Array {
  let position = 0
  return (entry) => latin1Bytes(`${fieldsOf(entry)},"position":${position++}}\n`)
}

function fieldsOf(entry: SplitEntry): string {
  if (entry.kind === 'segment') return `{"type":2,"payload":"${encodeBase64(entry.bytes)}"`
  const size = entry.size === 0 ? '' : `,"size":${entry.size}`
  const payload = entry.crc === undefined ? 'null' : `"${encodeBase64(bytesOfHex(entry.crc))}"`
  return `{"type":1${nameField(latin1Bytes(entry.name))}${size},"payload":${payload}`
}

function nameField(rawName: Uint8Array): string {
  if (rawName.length === 0) return ''
  if (!isUtf8(rawName)) return `,"name_raw":"${encodeBase64(rawName)}"`
  return `,"name":${latin1Of(goString(displayPath(rawName)))}`
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes)
    return true
  } catch {
    return false
  }
}

// encoding/json escapes what could end a script, and every control character but \n, \r and \t by its number.
function goString(text: string): string {
  return JSON.stringify(text).replace(/\\[bf]|[<>&\u2028\u2029]/g, (found) => {
    const code = found === '\\b' ? 8 : found === '\\f' ? 12 : found.charCodeAt(0)
    return `\\u${code.toString(16).padStart(4, '0')}`
  })
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
