import { decodeBase64 } from '../bytes/base64.js'

/** A file of a layer, whose bytes lie elsewhere. */
export interface SplitFile {
  readonly kind: 'file'
  /** One latin1 character a byte. */
  readonly name: string
  /** Bytes of the content; 0 for all that has none. */
  readonly size: number
  /** CRC-64 of the content, 16 hex digits; undefined where the size is 0. */
  readonly crc: string | undefined
}

/** One entry of a tar-split sidecar: bytes of the tar itself, or a file. */
export type SplitEntry = { readonly kind: 'segment'; readonly bytes: Uint8Array } | SplitFile

// Lines as Go's encoder writes them are taken apart by hand: JSON.parse and what must look at its result take three times
// as long. Numbers are as JSON has them.
const SEGMENT_START = '{"type":2,"payload":"'
const SEGMENT_END = /","position":(?:0|[1-9]\d{0,14})\}$/y
// Printable ASCII without quotes and backslashes: names that stand in JSON as they are.
const FILE =
  /^\{"type":1,"name":"([ !#-[\]-~]+)"(?:,"size":([1-9]\d{0,14}))?,"payload":(?:null|"([A-Za-z0-9+/]{11}=)"),"position":(?:0|[1-9]\d{0,14})\}$/

/** The entry of a line that is nothing but one in the usual form; undefined for all others. */
export function usualEntry(line: string): SplitEntry | undefined {
  const payload = segmentPayload(line)
  if (payload === undefined) return fileOfLine(line)
  const bytes = decodeBase64(payload)
  return bytes && { kind: 'segment', bytes }
}

/** The base64 of a line that is nothing but a segment in the usual form; undefined for all others. */
export function segmentPayload(line: string): string | undefined {
  if (!line.startsWith(SEGMENT_START)) return undefined
  const end = line.indexOf('"', SEGMENT_START.length)
  SEGMENT_END.lastIndex = Math.max(0, end)
  return SEGMENT_END.test(line) ? line.slice(SEGMENT_START.length, end) : undefined
}

/** The file of a line that is nothing but one in the usual form; undefined for all others. */
export function fileOfLine(line: string): SplitFile | undefined {
  const match = FILE.exec(line)
  if (match === null) return undefined
  const [, name = '', digits, checksum] = match
  if (digits === undefined) return { kind: 'file', name, size: 0, crc: undefined }
  const bytes = checksum === undefined ? undefined : decodeBase64(checksum)
  return bytes && { kind: 'file', name, size: Number(digits), crc: crcOfBytes(bytes) }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The 8 bytes of a checksum as hex digits. */
export function crcOfBytes(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += HEX[byte] ?? ''
  return hex
}
