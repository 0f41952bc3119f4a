import { decodeBase64 } from '../bytes/base64.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { cleanPath, latin1Bytes } from './path.js'
import { sidecarLines, type SidecarPlace } from './split-lines.js'

/** One line of a tar-split sidecar: bytes of the tar itself, or a file whose bytes lie elsewhere. */
export type SplitEntry =
  | { readonly kind: 'segment'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'file'
      readonly rawName: Uint8Array
      /** Bytes of the content; 0 for all that has none. */
      readonly size: number
      /** CRC-64 of the content, 16 hex digits; undefined where the size is 0. */
      readonly crc: string | undefined
    }

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true })
const QUOTE = 0x22

/**
 * Reads a sidecar, decompressed, as docker's tar-split writes it: a JSON object a line. Entries come in batches, in their
 * order. Errors: ERR_JSON and ERR_DOCUMENT with the offset in the uncompressed sidecar, also for a name that stands there
 * twice, which docker refuses; ERR_LIMIT.
 */
export async function* readSplit(
  chunks: AsyncIterable<Uint8Array>,
  place: SidecarPlace,
): AsyncGenerator<readonly SplitEntry[]> {
  const names = new Set<string>()
  const { limits, location } = place
  let offset = 0
  for await (const lines of sidecarLines(chunks, place)) {
    const batch: SplitEntry[] = []
    for (const line of lines) {
      for (const entry of entriesOfLine(line, { location, offset })) {
        refuseTwice(names, entry, { limits, location, offset })
        batch.push(entry)
      }
      offset += line.length + 1
    }
    yield batch
  }
}

/** Of a line of a sidecar. */
export interface LinePlace {
  readonly location: string
  readonly offset: number
}

function refuseTwice(
  names: Set<string>,
  entry: SplitEntry,
  { limits, ...place }: LinePlace & { limits: Limits },
): void {
  if (entry.kind === 'segment') return
  const { key } = cleanPath(entry.rawName)
  if (names.has(key)) throw new ArchiveError('ERR_DOCUMENT', `a path stands there twice: ${key}`, place)
  names.add(key)
  if (names.size <= limits.entries) return
  const hint = '--limit-entries raises the limit'
  throw new ArchiveError('ERR_LIMIT', `more than ${limits.entries} entries`, { ...place, hint })
}

// What Go's encoder writes before a segment: read by hand, for most of a sidecar is segments.
const SEGMENT_START = latin1Bytes('{"type":2,"payload":"')

/** The entries of one line; see readSplit. */
export function entriesOfLine(line: Uint8Array, place: LinePlace): SplitEntry[] {
  const payload = segmentPayload(line)
  const bytes = payload === undefined ? undefined : decodeBase64(payload)
  if (bytes !== undefined) return [{ kind: 'segment', bytes }]
  return valuesOf(line, place).map((value) => entryOf(value, place))
}

/** The base64 of a line that is nothing but a segment, as Go's encoder writes it; undefined for all others. */
export function segmentPayload(line: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at < SEGMENT_START.length; at++) if (line[at] !== SEGMENT_START[at]) return undefined
  const end = line.indexOf(QUOTE, SEGMENT_START.length)
  // Behind the payload only the position is left; anything longer may be another value.
  if (end < 0 || line.length - end > 32 || line.indexOf(0x7b, end) >= 0) return undefined
  return line.subarray(SEGMENT_START.length, end)
}

/** The JSON values of a line: one, none where it is blank, or several, which Go's decoder takes as well. */
function valuesOf(line: Uint8Array, place: LinePlace): unknown[] {
  const text = TEXT.decode(line).trim()
  if (text === '') return []
  const isOne = text.indexOf('}') === text.length - 1
  const parts = isOne ? [text] : text.replace(/\}\s*\{"type"/g, '}\n{"type"').split('\n')
  try {
    return parts.map((part): unknown => JSON.parse(part))
  } catch (cause) {
    throw new ArchiveError('ERR_JSON', 'a line of the sidecar is no JSON', { ...place, cause })
  }
}

function entryOf(value: unknown, place: LinePlace): SplitEntry {
  const fields: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {}
  const refuse = (message: string) => new ArchiveError('ERR_DOCUMENT', message, place)
  const payload = bytesOfField(fields.payload)
  if (payload === undefined) throw refuse('the payload of an entry is no base64')
  if (fields.type === 2) return { kind: 'segment', bytes: payload }
  if (fields.type !== 1) throw refuse(`an entry of the unknown type ${JSON.stringify(fields.type)}`)
  const rawName = nameOf(fields)
  if (rawName === undefined) throw refuse('an entry whose name cannot be read')
  const size = fields.size ?? 0
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw refuse('an entry with an odd size')
  if (size > 0 && payload.length !== 8) throw refuse('an entry whose checksum has not 8 bytes')
  return { kind: 'file', rawName, size, crc: size === 0 ? undefined : hexOfBytes(payload) }
}

function bytesOfField(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return new Uint8Array(0)
  return typeof value === 'string' ? decodeBase64(latin1Bytes(value)) : undefined
}

// name_raw wins where it is not empty (tar-split, archive/tar/storage/entry.go); names are UTF-8 otherwise.
function nameOf(fields: Record<string, unknown>): Uint8Array | undefined {
  const raw = bytesOfField(fields.name_raw)
  if (raw === undefined || raw.length > 0) return raw
  const { name = '' } = fields
  return typeof name === 'string' ? new TextEncoder().encode(name) : undefined
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hexOfBytes(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += HEX[byte] ?? ''
  return hex
}
