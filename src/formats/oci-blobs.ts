import { algorithmOf, asDigest, digestKind, digestOf } from '../bytes/digest.js'
import { blobPath, type Descriptor } from '../model/descriptor.js'
import type { FindingDetail } from '../model/finding-log.js'
import { placeOf, type Reading } from './documents.js'
import { keyOf, type FoundFile } from './files.js'

/** A blob that a descriptor refers to, or undefined; `from` is the document that holds the descriptor. */
export async function findBlob(reading: Reading, descriptor: Descriptor, from: string): Promise<FoundFile | undefined> {
  if (!mayBePath(reading, descriptor.digest, from)) return undefined
  const path = blobPath(descriptor.digest)
  const found = await reading.files.resolve(keyOf(path) ?? path)
  if (found.kind === 'file') return found.file
  if (found.kind === 'broken') {
    const { code, message, offset } = found
    reading.log.add(code, message, { path, ...(offset !== undefined && { offset }) })
  }
  return undefined
}

/** Whether the digest of a descriptor follows the grammar, so that it may be used as a path; else a finding. */
function mayBePath(reading: Reading, text: string, from: string): boolean {
  const kind = digestKind(text)
  if (kind === 'invalid') {
    reading.log.add('DIGEST_INVALID', `${JSON.stringify(text)} is no digest`, { path: from, actual: text })
  }
  if (kind === 'unknown-algorithm') {
    reading.log.add('DIGEST_UNSUPPORTED', `${text} uses an algorithm that cannot be checked here`, { path: from })
  }
  return kind !== 'invalid'
}

/** Holds a small document against the descriptor that led to it: size first, then digest, then the inline copy. */
export async function checkDocument(
  reading: Reading,
  file: FoundFile,
  descriptor: Descriptor,
  code: 'BLOB_DIGEST_MISMATCH' | 'CONFIG_DIGEST_MISMATCH',
): Promise<void> {
  checkSize(reading, file, descriptor)
  const digest = asDigest(descriptor.digest)
  const algorithm = digest === undefined ? undefined : algorithmOf(digest)
  if (algorithm === undefined || file.source.size > reading.context.limits.json) return
  const bytes = await file.source.read({ offset: 0, length: file.source.size })
  const actual = digestOf(bytes, algorithm)
  if (actual !== digest) {
    const message = `${file.path} does not have the digest that its descriptor claims`
    reading.log.add(code, message, { ...placeOf(file), expected: descriptor.digest, actual })
  }
  checkInline(reading, descriptor, bytes, placeOf(file))
}

/** Holds the size of a blob against its descriptor. */
export function checkSize(reading: Reading, file: FoundFile, descriptor: Descriptor): void {
  if (descriptor.size === file.source.size) return
  reading.log.add(
    'SIZE_MISMATCH',
    `${file.path} has ${file.source.size} bytes, its descriptor says ${descriptor.size}`,
    {
      ...placeOf(file),
      expected: String(descriptor.size),
      actual: String(file.source.size),
    },
  )
}

function checkInline(reading: Reading, descriptor: Descriptor, bytes: Uint8Array, place: FindingDetail): void {
  if (descriptor.data === undefined) return
  const inline = Uint8Array.from(atobLoose(descriptor.data), (character) => character.charCodeAt(0))
  const same = inline.length === bytes.length && inline.every((byte, at) => byte === bytes[at])
  if (!same) reading.log.add('DESCRIPTOR_DATA_MISMATCH', 'the data in the descriptor is not the blob', place)
}

function atobLoose(text: string): string {
  try {
    return atob(text)
  } catch {
    return ''
  }
}
