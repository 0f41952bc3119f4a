import type { z } from 'zod/mini'
import type { RunContext } from '../context.js'
import { ArchiveError, toArchiveError } from '../errors.js'
import type { FindingCode } from '../findings.js'
import type { FindingDetail, FindingLog } from '../model/finding-log.js'
import { parseJson, readDocument, type RawJson } from '../model/json.js'
import { getFile, keyOf, type FileSet, type FoundFile } from './files.js'

/** What readers of documents share: the files, where oddities go, the run's limits, and what was parsed already. */
export interface Reading {
  readonly files: FileSet
  readonly log: FindingLog
  readonly context: RunContext
  /** What came of each file for each schema, by its path: any number of images may have the same config. */
  readonly parsed: Map<string, Map<z.core.$ZodType, RawJson<unknown> | ArchiveError>>
}

/** A reading of which nothing is parsed yet. */
export function readingOf(files: FileSet, log: FindingLog, context: RunContext): Reading {
  return { files, log, context, parsed: new Map() }
}

/** The place of a file for findings. */
export function placeOf(file: FoundFile): FindingDetail {
  return { path: file.path, ...(file.offset !== undefined && { offset: file.offset }) }
}

/** Finds a file by a name of a document; what stands in the way becomes a finding, and nothing is returned. */
export async function findFile(reading: Reading, name: string, missing: FindingCode): Promise<FoundFile | undefined> {
  const { files, log } = reading
  const key = keyOf(name)
  if (key === undefined) {
    log.add('MEMBER_UNSAFE_PATH', `'${name}' is no path inside the archive`, { path: name })
    log.add(missing, `'${name}' is not in the archive`, { path: name })
    return undefined
  }
  const found = await files.resolve(key)
  if (found.kind === 'file') return found.file
  const place = { path: name, ...('offset' in found && { offset: found.offset }) }
  if (found.kind === 'missing') log.add(missing, `${name} is not in the archive`, place)
  else if (found.kind === 'cut') log.add(missing, `only a part of ${name} is in the archive`, place)
  else log.add(found.code, found.message, place)
  return undefined
}

// Of what passes by on a pipe only that is kept which begins as a document does.
function tellPassed(error: unknown): never {
  if (!(error instanceof ArchiveError) || error.code !== 'ERR_NOT_SEEKABLE') throw error
  const { location = '' } = error
  throw new ArchiveError('ERR_JSON', 'the bytes do not begin as JSON does', { location, offset: 0, cause: error })
}

/** Reads and parses a file that was found. Errors: ERR_JSON and ERR_DOCUMENT with the offset in the document, ERR_LIMIT. */
async function parseFile<T>(reading: Reading, file: FoundFile, schema: z.core.$ZodType<T>): Promise<RawJson<T>> {
  const bytes = await readDocument(file.source, reading.context.limits).catch(tellPassed)
  const document = parseJson(bytes, schema, file.source.location)
  tellOddities(reading.log, document, file)
  return document
}

function tellOddities(log: FindingLog, document: RawJson<unknown>, file: FoundFile): void {
  const base = file.offset ?? 0
  for (const { key, offset } of document.scan.duplicateKeys) {
    log.add('JSON_DUPLICATE_KEY', `the key ${JSON.stringify(key)} stands twice`, {
      path: file.path,
      offset: base + offset,
    })
  }
  if (document.scan.trailing > 0) {
    const message = `${document.scan.trailing} bytes follow the document`
    log.add('JSON_TRAILING', message, {
      path: file.path,
      offset: base + document.bytes.length - document.scan.trailing,
    })
  }
}

/**
 * `parseFile` that parses a file once for a schema, however often it is asked for; oddities are told each time. Errors:
 * those of parseFile.
 */
export async function parseOnce<T>(reading: Reading, file: FoundFile, schema: z.core.$ZodType<T>): Promise<RawJson<T>> {
  const bySchema = reading.parsed.get(file.path) ?? new Map<z.core.$ZodType, RawJson<unknown> | ArchiveError>()
  const known = bySchema.get(schema)
  if (known instanceof ArchiveError) throw known
  if (known !== undefined) {
    tellOddities(reading.log, known, file)
    // What is kept for a schema was parsed by it.
    return known as RawJson<T>
  }
  reading.parsed.set(file.path, bySchema)
  try {
    const document = await parseFile(reading, file, schema)
    bySchema.set(schema, document)
    return document
  } catch (error) {
    if (error instanceof ArchiveError && LASTING.has(error.code)) bySchema.set(schema, error)
    throw error
  }
}

// Faults of the bytes, that are there however often they are read.
const LASTING: ReadonlySet<ArchiveError['code']> = new Set(['ERR_JSON', 'ERR_DOCUMENT'])

/** Like `parseFile`, but a damaged document becomes a finding of that code. */
export async function parseOrTell<T>(
  reading: Reading,
  file: FoundFile,
  schema: z.core.$ZodType<T>,
  code: FindingCode,
): Promise<RawJson<T> | undefined> {
  try {
    return await parseOnce(reading, file, schema)
  } catch (error) {
    const fault = toArchiveError(error)
    reading.log.addError(fault.code === 'ERR_LIMIT' ? 'LIMIT_REACHED' : code, fault, placeOf(file))
    return undefined
  }
}

/**
 * The document that the whole archive hangs on. Errors carry the offset in the archive; ERR_NOT_ARCHIVE without it.
 */
export async function requireDocument<T>(
  reading: Reading,
  name: string,
  schema: z.core.$ZodType<T>,
): Promise<RawJson<T>> {
  const file = await getFile(reading.files, name)
  if (file === undefined) {
    throw new ArchiveError('ERR_NOT_ARCHIVE', `${name} is missing`, { location: reading.files.location })
  }
  try {
    return await parseFile(reading, file, schema)
  } catch (error) {
    const fault = toArchiveError(error)
    const { code, message, hint } = fault
    const offset = (file.offset ?? 0) + (fault.offset ?? 0)
    throw new ArchiveError(code, message, {
      location: file.source.location,
      offset,
      cause: error,
      ...(hint !== undefined && { hint }),
    })
  }
}
