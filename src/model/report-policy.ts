import { z } from 'zod'

/** What the rules of a policy are about. */
export const GATES = ['integrity', 'size', 'structure', 'config', 'efficiency'] as const

/** A rule of a policy, held against one image or archive. */
export const policyCheckSchema = z.object({
  gate: z.enum(GATES),
  rule: z.string().describe('as size.total or structure.forbidden /etc/shadow'),
  ok: z.boolean(),
  skipped: z.literal(true).optional().describe('the rule was not held against the image; ok is true then'),
  image: z.string().optional().describe('name or ID of the image, where the archive holds several'),
  message: z.string().describe('what was found'),
  policy: z.object({ file: z.string(), line: z.number().optional(), column: z.number().optional() }),
})

export type PolicyCheck = z.output<typeof policyCheckSchema>
/** What a rule is about. */
export type Gate = (typeof GATES)[number]
