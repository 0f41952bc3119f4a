import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import Ajv from 'ajv'
import { z } from 'zod'

const require = createRequire(import.meta.url)
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

// What an object of JSON Schema is to ajv; both files are one.
const schema = z.looseObject({ $schema: z.literal('http://json-schema.org/draft-04/schema#') })

// The schema of SARIF is written in draft 04: `id` without a dollar, `exclusiveMinimum: true`.
const ajv = new Ajv({ schemaId: 'id', meta: false, allErrors: true, unknownFormats: [] })
ajv.addMetaSchema(schema.parse(json(require.resolve('ajv/lib/refs/json-schema-draft-04.json'))))
const sarif = require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
const validate = ajv.compile(schema.parse(json(sarif)))

const text = z.string()
const multiformat = z.looseObject({ text }).optional()
const location = z.looseObject({
  physicalLocation: z.looseObject({ artifactLocation: z.looseObject({ uri: text }) }).optional(),
})
const rule = z.looseObject({
  id: text,
  shortDescription: multiformat,
  help: multiformat,
  defaultConfiguration: z.looseObject({ level: text }).optional(),
})
const result = z.looseObject({
  ruleId: text.optional(),
  ruleIndex: z.int().optional(),
  message: z.looseObject({ text: text.optional() }),
  locations: z.array(location).optional(),
  partialFingerprints: z.record(text, text).optional(),
  suppressions: z.array(z.looseObject({ kind: text })).optional(),
})
const notification = z.looseObject({ descriptor: z.looseObject({ id: text.optional() }).optional() })
const run = z.looseObject({
  tool: z.looseObject({ driver: z.looseObject({ rules: z.array(rule).optional() }) }),
  invocations: z
    .array(
      z.looseObject({
        executionSuccessful: z.boolean(),
        toolExecutionNotifications: z.array(notification).optional(),
      }),
    )
    .optional(),
  results: z.array(result).optional(),
})

/** Where a log is not what the schema of SARIF 2.1.0 wants; nothing where it is. */
export function sarifFaults(log: unknown): readonly string[] {
  if (validate(log) === true) return []
  return (validate.errors ?? []).map(({ dataPath, message = '' }) => `${dataPath} ${message}`)
}

/** What the tests look at in a log. */
export const sarifLog = z.looseObject({ runs: z.array(run) })
