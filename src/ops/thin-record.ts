import { z } from 'zod'
import { asDigest, type Digest } from '../bytes/digest.js'
import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import { parseJson, readDocument } from '../model/json.js'

/** The member of a thin archive that tells how the archive was before. */
export const RECORD_PATH = 'imgtar.json'

const count = z.number().int().nonnegative()
const digest = z.string().transform((text, context): Digest => {
  const known = asDigest(text)
  if (known !== undefined) return known
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no digest` })
  return z.NEVER
})

const segment = z.union([
  z.object({ copy: count }),
  z.object({ layer: digest, stored: z.enum(['plain', 'compressed']), size: count }),
  z.object({ bytes: z.base64() }),
  z.object({ zeros: count }),
])

const schema = z.object({
  format: z.literal('imgtar/thin/v1'),
  size: count,
  digest,
  segments: z.array(segment),
})

/**
 * How the archive was before: its size and digest, and the pieces that it is made of, in order: bytes of the thin archive
 * (its record skipped), a layer that was left out, bytes that went with it, zeros.
 */
export type ThinRecord = z.output<typeof schema>
/** One piece. */
export type ThinSegment = z.output<typeof segment>
/** A layer that was left out: by diffID where it was stored plain, else by the digest of the stored bytes. */
export type LeftOutLayer = Extract<ThinSegment, { layer: Digest }>

/** The bytes of a record; the same record gives the same bytes. */
export function encodeRecord(record: ThinRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`)
}

/** Reads a record. Errors: ERR_LIMIT, ERR_JSON, ERR_DOCUMENT. */
export async function readRecord(source: ByteSource, { limits }: RunContext): Promise<ThinRecord> {
  const record = parseJson(await readDocument(source, limits), schema, source.location).value
  const lengths = record.segments.map((one) =>
    'copy' in one ? one.copy : 'layer' in one ? one.size : 'zeros' in one ? one.zeros : atob(one.bytes).length,
  )
  const total = lengths.reduce((sum, length) => sum + length, 0)
  if (total === record.size) return record
  throw new ArchiveError('ERR_DOCUMENT', `its pieces make ${String(total)} bytes, not ${String(record.size)}`, {
    location: source.location,
  })
}
