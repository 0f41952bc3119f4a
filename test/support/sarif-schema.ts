import { z } from 'zod'

// The objects of sarif-schema-2.1.0.json (OASIS) that a log of ours may hold, each with all that the schema requires of
// it. Every object there has additionalProperties: false, so a strict object with fewer properties accepts less.
const text = z.string()
const index = z.int().min(-1)
const propertyBag = z.looseObject({ tags: z.array(text).optional() }).refine(({ tags = [] }) => distinct(tags))
const level = z.enum(['none', 'note', 'warning', 'error'])
const message = z.strictObject({ text: text.optional(), markdown: text.optional(), id: text.optional() })
const checkedMessage = message.refine((one) => one.text !== undefined || one.id !== undefined, 'a text or an id')
const multiformat = z.strictObject({ text, markdown: text.optional() })

function distinct(items: readonly unknown[]): boolean {
  return new Set(items.map((item) => JSON.stringify(item))).size === items.length
}

const uri = text.refine(
  (value) => URL.canParse(value, 'file:///base/') && /^[\x21-\x7e]+$/.test(value),
  'uri-reference',
)
const absolute = text.refine((value) => URL.canParse(value), 'uri')

const region = z.strictObject({ byteOffset: z.int().min(-1).optional(), byteLength: z.int().min(0).optional() })
const location = z.strictObject({
  physicalLocation: z
    .strictObject({ artifactLocation: z.strictObject({ uri, index: index.optional() }), region: region.optional() })
    .optional(),
  logicalLocations: z
    .array(z.strictObject({ name: text.optional(), fullyQualifiedName: text.optional(), kind: text.optional() }))
    .refine(distinct)
    .optional(),
  message: checkedMessage.optional(),
})
const rule = z.strictObject({
  id: text,
  name: text.optional(),
  shortDescription: multiformat.optional(),
  fullDescription: multiformat.optional(),
  help: multiformat.optional(),
  helpUri: absolute.optional(),
  defaultConfiguration: z.strictObject({ level }).optional(),
  properties: propertyBag.optional(),
})
const driver = z.strictObject({
  name: text,
  version: text.optional(),
  semanticVersion: text.optional(),
  informationUri: absolute.optional(),
  rules: z.array(rule).refine(distinct).optional(),
})
const result = z.strictObject({
  ruleId: text.optional(),
  ruleIndex: index.optional(),
  level: level.optional(),
  message: checkedMessage,
  locations: z.array(location).optional(),
  partialFingerprints: z.record(text, text).optional(),
  suppressions: z
    .array(
      z.strictObject({
        kind: z.enum(['inSource', 'external']),
        status: z.enum(['accepted', 'underReview', 'rejected']).optional(),
        justification: text.optional(),
      }),
    )
    .refine(distinct)
    .optional(),
})
const notification = z.strictObject({
  descriptor: z.strictObject({ id: text.optional() }).optional(),
  level: level.optional(),
  message: checkedMessage,
  locations: z.array(location).refine(distinct).optional(),
})
const run = z.strictObject({
  tool: z.strictObject({ driver }),
  invocations: z
    .array(
      z.strictObject({
        executionSuccessful: z.boolean(),
        toolExecutionNotifications: z.array(notification).optional(),
      }),
    )
    .optional(),
  columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']).optional(),
  results: z.array(result).optional(),
})

/** A SARIF 2.1.0 log with the objects that ours is made of. */
export const sarifLog = z.strictObject({
  $schema: absolute.optional(),
  version: z.literal('2.1.0'),
  runs: z.array(run),
})
