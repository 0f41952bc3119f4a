import { decodeBase64 } from '../bytes/base64.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { cleanPath, latin1Bytes } from './path.js'

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

const NEWLINE = 0x0a
const QUOTE = 0x22
// A segment has at most 1 MiB, but old daemons put all bytes behind the end marker into one line.
const LINE_FACTOR = 16

/**
 * Reads a sidecar, decompressed, as docker's tar-split writes it: a JSON object a line. Entries come in batches, in their
 * order. Errors: ERR_JSON and ERR_DOCUMENT with the offset in the uncompressed sidecar, also for a name that stands there
 * twice, which docker refuses; ERR_LIMIT.
 */
export async function* readSplit(
  chunks: AsyncIterable<Uint8Array>,
  { limits, location }: { readonly limits: Limits; readonly location: string },
): AsyncGenerator<readonly SplitEntry[]> {
  const names = new Set<string>()
  const most = limits.json * LINE_FACTOR
  let rest: Uint8Array = new Uint8Array(0)
  let offset = 0
  const read = (line: Uint8Array): SplitEntry[] => {
    const entries = entriesOfLine(line, { location, offset })
    for (const entry of entries) refuseTwice(names, entry, { limits, location, offset })
    offset += line.length + 1
    return entries
  }
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : joined(rest, chunk)
    const batch: SplitEntry[] = []
    let at = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      batch.push(...read(bytes.subarray(at, end)))
      at = end + 1
    }
    rest = bytes.slice(at)
    if (rest.length > most) {
      const hint = '--limit-json raises the limit'
      throw new ArchiveError('ERR_LIMIT', `a line of more than ${most} bytes`, { location, offset, hint })
    }
    yield batch
  }
  yield read(rest)
}

interface LinePlace {
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

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

// What Go's encoder writes before a segment: read by hand, for most of a sidecar is segments.
const SEGMENT_START = latin1Bytes('{"type":2,"payload":"')

function entriesOfLine(line: Uint8Array, place: LinePlace): SplitEntry[] {
  const fast = fastSegment(line)
  if (fast !== undefined) return [fast]
  return valuesOf(line, place).map((value) => entryOf(value, place))
}

function fastSegment(line: Uint8Array): SplitEntry | undefined {
  for (const [at, byte] of SEGMENT_START.entries()) if (line[at] !== byte) return undefined
  const end = line.indexOf(QUOTE, SEGMENT_START.length)
  // Behind the payload only the position is left; anything longer may be another value.
  if (end < 0 || line.length - end > 32 || line.indexOf(0x7b, end) >= 0) return undefined
  const bytes = decodeBase64(line.subarray(SEGMENT_START.length, end))
  return bytes === undefined ? undefined : { kind: 'segment', bytes }
}

/** The JSON values of a line: one, none where it is blank, or several, which Go's decoder takes as well. */
function valuesOf(line: Uint8Array, place: LinePlace): unknown[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(line).trim()
  if (text === '') return []
  const parts = text.replace(/\}\s*\{"type"/g, '}\n{"type"').split('\n')
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

function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
