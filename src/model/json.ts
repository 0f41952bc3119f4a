import { z } from 'zod/mini'
import { digestOf, type Digest } from '../bytes/digest.js'
import type { ByteSource } from '../bytes/source.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { scanJson, type JsonScan } from './json-scan.js'

// zod/mini says nothing in words by itself. It would compile a function for every schema at its first use, which takes
// longer than to check the few documents of an archive without. Not for all of zod: who uses us may use it too.
const CHECKING = { error: z.locales.en().localeError, jitless: true }

/** A document with the bytes it came from: they decide its digest, so it is never written out anew. */
export interface RawJson<T> {
  readonly bytes: Uint8Array
  readonly value: T
  /** sha256 of `bytes`. */
  readonly digest: Digest
  readonly location: string
  /** Keys that stand twice and bytes behind the value: oddities that are no errors to Go. */
  readonly scan: JsonScan
}

// Digests, names and dates are longer; each value takes tens of bytes of memory, however short it is.
const BYTES_A_VALUE = 16
const HINT = 'raise it with --limit-json if the archive is trusted'

/**
 * Reads a whole document. Errors: ERR_LIMIT when it is larger than `limits.json`, or has more values than a document of
 * that size would have, ERR_TRUNCATED.
 */
export async function readDocument(source: ByteSource, limits: Limits): Promise<Uint8Array> {
  const { location, size } = source
  if (size > limits.json) {
    const message = `a document of ${size} bytes is over the limit of ${limits.json}`
    throw new ArchiveError('ERR_LIMIT', message, { location, hint: HINT })
  }
  return refusingMany(await source.read({ offset: 0, length: size }), location, limits)
}

/** A document of another source than readDocument's. Errors: ERR_LIMIT where it has too many values. */
export function refusingMany(bytes: Uint8Array, location: string, limits: Limits): Uint8Array {
  const most = mostValues(bytes, limits)
  if (most === undefined) return bytes
  throw new ArchiveError('ERR_LIMIT', `a document of more than ${most} values`, { location, hint: HINT })
}

/** How many values a document may have, where it has more; undefined where it has not. */
export function mostValues(bytes: Uint8Array, limits: Limits): number | undefined {
  const most = Math.ceil(limits.json / BYTES_A_VALUE)
  return bytes.length > most && commasIn(bytes) >= most ? most : undefined
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]

/** How many commas stand outside of texts. */
function commasIn(bytes: Uint8Array): number {
  let [commas, inText] = [0, false]
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) inText = !inText
    else if (inText && byte === BACKSLASH) at += 1
    else if (!inText && byte === COMMA) commas += 1
  }
  return commas
}

/**
 * Parses and checks a document as Go's encoding/json would for docker: keys match whatever their case, null stands for
 * an absent field, only the first value counts. Errors: ERR_JSON with the offset in the document, ERR_DOCUMENT.
 */
export function parseJson<T>(bytes: Uint8Array, schema: z.core.$ZodType<T>, location: string): RawJson<T> {
  const scan = scanJson(bytes)
  if (scan.fault !== undefined) {
    throw new ArchiveError('ERR_JSON', scan.fault.message, { location, offset: scan.fault.offset })
  }
  const parsed: unknown = JSON.parse(documentText({ bytes, scan }))
  const result = z.safeParse(schema, parsed, CHECKING)
  if (!result.success) {
    throw new ArchiveError('ERR_DOCUMENT', describe(result.error), { location })
  }
  return { bytes, value: result.data, digest: digestOf(bytes), location, scan }
}

/** The text of a document up to the end of its value; lossy where it is not UTF-8, as Go is. */
export function documentText({ bytes, scan }: Pick<RawJson<unknown>, 'bytes' | 'scan'>): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, scan.end))
}

/** The members of an object, as a new one; none of anything else. */
export function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function describe(error: z.core.$ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.length === 0 ? 'the document' : issue.path.join('.')}: ${issue.message}`)
    .join('; ')
}

/** An object read as Go reads a struct: keys whatever their case (the later wins), null and absent alike, others ignored. */
export function goStruct<Shape extends z.core.$ZodShape>(
  shape: Shape,
): z.ZodMiniType<z.output<z.ZodMiniObject<Shape>>> {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]))
  return preprocessed((value) => fold(value, names), z.object(shape))
}

function fold(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const folded = new Map<string, unknown>()
  for (const [key, item] of Object.entries(value)) {
    const name = names.get(key.toLowerCase())
    // Go leaves a field alone when its value is null.
    if (name !== undefined && item !== null) folded.set(name, item)
  }
  return Object.fromEntries(folded)
}

/** A map of strings to anything, as Go's map[string]T. */
export function goMap<T>(item: z.core.$ZodType<T>): z.ZodMiniType<ReadonlyMap<string, T>> {
  const object = z.custom<Record<string, unknown>>(
    (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
    { error: 'expected an object' },
  )
  const entries = z.pipe(
    object,
    z.transform((value: Record<string, unknown>) => Object.entries(value)),
  )
  return z.pipe(
    z.pipe(entries, z.array(z.tuple([z.string(), item]))),
    z.transform((pairs: [string, T][]) => new Map(pairs)),
  )
}

/** A schema for what `change` makes of the input. */
export function preprocessed<T>(change: (value: unknown) => unknown, schema: z.core.$ZodType<T>): z.ZodMiniType<T> {
  return z.pipe(z.transform(change), schema)
}

/** A list, and what stands for a null in it. */
export function goList<T>(item: z.core.$ZodType<T>, zero: unknown): z.ZodMiniType<T[]> {
  return z.array(preprocessed((value) => value ?? zero, item))
}

/** A list in which null stands for the zero value of Go's string. */
export const goStrings = goList(z.string(), '')
