import { z } from 'zod'

/** Who made a report. */
const toolSchema = z.object({ name: z.literal('imgtar'), version: z.string() })

/** A finding as reports carry it. */
export const findingSchema = z.object({
  code: z.string().describe('stable code, explained in docs/findings.md'),
  severity: z.enum(['error', 'warning', 'note']),
  message: z.string(),
  where: z.object({
    archive: z.string().describe('as named on the command line'),
    path: z.string().optional().describe('member inside the archive'),
    offset: z.number().optional().describe('byte in the archive (uncompressed, when the archive is compressed)'),
    layer: z.number().optional().describe('index of the layer, base = 0'),
    entry: z.string().optional().describe('path inside the layer'),
    layerOffset: z.number().optional().describe('byte in the uncompressed layer'),
  }),
  expected: z.string().optional(),
  actual: z.string().optional(),
  allowed: z.boolean().optional().describe('accepted with --allow: it fails nothing'),
})

/** Why an archive could not be read. */
export const errorSchema = z.object({
  code: z.string().describe('stable code, ERR_…'),
  message: z.string(),
  where: z.object({ archive: z.string(), path: z.string().optional(), offset: z.number().optional() }),
  hint: z.string().optional(),
})

/** The head of every report, for its schema. */
export const envelope = <Name extends string>(name: Name) => ({
  schema: z.literal(`imgtar/${name}/v1`),
  tool: toolSchema,
  ok: z.boolean().describe('whether the exit code is 0'),
})
