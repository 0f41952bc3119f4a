import { z } from 'zod'
import { verifySchema } from './report.js'

/** What `imgtar verify --report ndjson` prints of each archive. */
export const verifyArchiveSchema = z.object({
  schema: z.literal('imgtar/verify-archive/v1'),
  ...verifySchema.shape.archives.element.shape,
})

/** And its last line: what was found in all of them together. */
export const verifySummarySchema = verifySchema
  .omit({ archives: true })
  .extend({ schema: z.literal('imgtar/verify-summary/v1') })

/** A line about one archive. */
export type VerifyArchiveLine = z.infer<typeof verifyArchiveSchema>

/** The line after those of all archives. */
export type VerifySummaryLine = z.infer<typeof verifySummarySchema>
