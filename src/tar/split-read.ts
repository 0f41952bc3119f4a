import { decodeBase64 } from '../bytes/base64.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { cleanKey, latin1, latin1Bytes } from './path.js'
import { crcOfBytes, usualEntry, type SplitEntry, type SplitFile } from './split-line.js'
import { sidecarLines, type SidecarPlace } from './split-lines.js'

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true })
const UTF8 = new TextEncoder()

/**
 * Reads a sidecar, decompressed, as docker's tar-split writes it: a JSON object a line. Entries come in batches, in their
 * order. Errors: ERR_JSON and ERR_DOCUMENT with the offset in the uncompressed sidecar, also for a name that stands there
 * twice, which docker refuses; ERR_LIMIT.
 */
export async function* readSplit(
  chunks: AsyncIterable<Uint8Array>,
  place: SidecarPlace,
): AsyncGenerator<readonly SplitEntry[]> {
  const read = lineReader(place)
  for await (const lines of sidecarLines(chunks, place)) yield read(lines)
}

/** Reads lines that follow each other. */
function lineReader({ limits, location }: SidecarPlace): (lines: readonly string[]) => readonly SplitEntry[] {
  const names = new Set<string>()
  let offset = 0
  return (lines) => {
    const entries: SplitEntry[] = []
    for (const line of lines) {
      const usual = usualEntry(line)
      for (const entry of usual === undefined ? entriesOfLine(line, { location, offset }) : [usual]) {
        if (entry.kind === 'file') refuseTwice(names, entry, { limits, location, offset })
        entries.push(entry)
      }
      offset += line.length + 1
    }
    return entries
  }
}

/** Of a line of a sidecar. */
export interface LinePlace {
  readonly location: string
  readonly offset: number
}

function refuseTwice(
  names: Set<string>,
  { name }: SplitFile,
  { limits, ...place }: LinePlace & { limits: Limits },
): void {
  const { key } = cleanKey(name)
  if (names.has(key)) throw new ArchiveError('ERR_DOCUMENT', `a path stands there twice: ${key}`, place)
  names.add(textOfItsOwn(key))
  if (names.size <= limits.entries) return
  const hint = '--limit-entries raises the limit'
  throw new ArchiveError('ERR_LIMIT', `more than ${limits.entries} entries`, { ...place, hint })
}

// A part of a text keeps all of it in memory, which would be every line here.
function textOfItsOwn(part: string): string {
  return `/${part}`.slice(1)
}

/** The entries of one line, in whatever form; see readSplit. */
export function entriesOfLine(line: string, place: LinePlace): SplitEntry[] {
  return valuesOf(line, place).map((value) => entryOf(value, place))
}

const BEYOND_ASCII = /[\x80-\xff]/

/** The JSON values of a line: one, none where it is blank, or several, which Go's decoder takes as well. */
function valuesOf(line: string, place: LinePlace): unknown[] {
  const text = (BEYOND_ASCII.test(line) ? TEXT.decode(latin1Bytes(line)) : line).trim()
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
  if (fields.type !== 1)
    throw refuse(`an entry of ${typeof fields.type === 'number' ? `type ${fields.type}` : 'no type'}`)
  const name = nameOf(fields)
  if (name === undefined) throw refuse('an entry whose name cannot be read')
  const size = fields.size ?? 0
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw refuse('an entry with an odd size')
  if (size > 0 && payload.length !== 8) throw refuse('an entry whose checksum has not 8 bytes')
  return { kind: 'file', name, size, crc: size === 0 ? undefined : crcOfBytes(payload) }
}

function bytesOfField(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return NONE
  return typeof value === 'string' ? decodeBase64(value) : undefined
}

const NONE = new Uint8Array(0)

// name_raw wins where it is not empty (tar-split, archive/tar/storage/entry.go); names are UTF-8 otherwise.
function nameOf(fields: Record<string, unknown>): string | undefined {
  const raw = bytesOfField(fields.name_raw)
  if (raw === undefined) return undefined
  if (raw.length > 0) return latin1(raw)
  const { name = '' } = fields
  if (typeof name !== 'string') return undefined
  return isAscii(name) ? name : latin1(UTF8.encode(name))
}

const isAscii = (text: string) => !/[^\x00-\x7f]/.test(text)
