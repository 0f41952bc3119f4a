import { z } from 'zod'
import { envelope, findingSchema } from './report-parts.js'

const origin = z
  .string()
  .nullable()
  .describe('member of the archive, or the other archive that it was healed from; null where it is nowhere')

const salvagedLayer = z.object({
  diffID: z.string().nullable().describe('that the config claims; null where it is lost'),
  state: z
    .enum(['intact', 'healed', 'damaged', 'missing'])
    .describe('healed: taken from an archive given with --from; damaged: there, but not what it was'),
  origin,
})

const salvagedImage = z.object({
  names: z.array(z.string()),
  imageID: z.string().nullable(),
  state: z.enum(['whole', 'incomplete']).describe('whole: it is in the archive that was written'),
  config: z.object({ state: z.enum(['intact', 'healed', 'missing']), origin }),
  layers: z.array(salvagedLayer),
  partial: z
    .object({
      path: z.string().describe('tar of the files that can be read'),
      entries: z.number(),
      leftOut: z.array(z.string()).describe('files of which the content is cut or damaged'),
    })
    .optional()
    .describe('only with --partial'),
})

const part = z.object({
  kind: z.enum(['layer', 'config', 'manifest']),
  path: z.string().describe('file that was written'),
  member: z.string().describe('where it was found in the archive'),
  digest: z.string().describe('of the bytes as stored'),
  diffID: z.string().optional().describe('of a layer'),
  state: z
    .enum(['intact', 'unproved'])
    .describe('unproved: whole by its structure, but nothing claims a digest for it'),
  size: z.number(),
})

/** `imgtar salvage --json`. */
export const salvageSchema = z.object({
  ...envelope('salvage'),
  archive: z.string(),
  directory: z.string(),
  written: z
    .object({ path: z.string(), size: z.number() })
    .nullable()
    .describe('a docker archive with every image that is whole; null where there is none'),
  images: z.array(salvagedImage),
  parts: z.array(part).describe('what is intact and belongs to no image that is whole'),
  findings: z.array(findingSchema),
})

export type SalvageReport = z.output<typeof salvageSchema>
/** An image in such a report. */
export type SalvagedImageReport = z.output<typeof salvagedImage>
/** A part in such a report. */
export type SalvagedPart = z.output<typeof part>
