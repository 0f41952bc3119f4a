import { z } from 'zod'
import { FINDINGS } from '../../findings.js'
import { growthSchema, shareSchema, sizeSchema } from './amounts.js'

/** A regular expression as Go or JavaScript write it; flags may stand in front as `(?i)`. */
export function regexOf(source: string): RegExp {
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)([^]*)$/.exec(source) ?? []
  return new RegExp(rest, `${flags}u`)
}

const regex = z.string().refine((source) => {
  try {
    regexOf(source)
    return true
  } catch {
    return false
  }
}, 'wants a regular expression')

const patterns = z.array(z.string().min(1)).describe('paths or globs: **/*.pem; without a slash a name anywhere')
const code = z
  .string()
  .refine((text) => Object.hasOwn(FINDINGS, text), 'wants the code of a finding (docs/findings.md)')
const texts = z.array(z.string())

/** dive's three rules, by both of the names that dive reads. */
const diveRules = {
  lowestEfficiency: shareSchema,
  highestWastedBytes: sizeSchema,
  highestUserWastedPercent: shareSchema,
  'lowest-efficiency': shareSchema,
  'highest-wasted-bytes': sizeSchema,
  'highest-user-wasted-percent': shareSchema,
}

/** `imgtar.yaml`: the gates of a policy. */
export const policySchema = z
  .strictObject({
    integrity: z
      .strictObject({
        'fail-on': z.enum(['error', 'warning', 'note']).describe('the least severity that fails an archive'),
        allow: z.array(code).describe('codes of findings that are accepted'),
      })
      .partial()
      .describe('what of the archive itself may be wrong'),
    size: z
      .strictObject({
        total: sizeSchema.describe('most bytes of all layers of an image, uncompressed'),
        stored: sizeSchema.describe('most bytes of all layers as they are stored'),
        layer: sizeSchema.describe('most bytes of any layer, uncompressed'),
        layers: z.int().min(0).describe('most layers'),
        growth: growthSchema.describe('how much larger than the image of --baseline, uncompressed'),
      })
      .partial(),
    structure: z
      .strictObject({
        required: patterns.describe('each must match something'),
        forbidden: patterns.describe('none may match anything'),
        owners: z
          .array(z.union([z.int().min(0), z.string().regex(/^\d+:\d+$/, 'UID or UID:GID')]))
          .describe('UID or UID:GID of all files; nothing else may own anything'),
        setuid: z.union([z.literal('forbidden'), patterns]).describe('no setuid or setgid files, or none but these'),
        secrets: z
          .union([z.literal('forbidden'), patterns])
          .describe('no names of keys and credentials, in no layer: those that imgtar knows, or these'),
      })
      .partial()
      .describe('the merged root filesystem'),
    config: z
      .strictObject({
        user: z.string().describe('not-root, or the very user'),
        'forbidden-env': z.array(regex).describe('no KEY=VALUE may match'),
        labels: z
          .union([texts, z.record(z.string(), regex)])
          .describe('labels that must be there, or what their values must match'),
      })
      .partial(),
    efficiency: z
      .strictObject(diveRules)
      .partial()
      .describe("dive's rules, with sums that count each wasted byte once"),
  })
  .partial()

/** `.dive-ci`. */
export const diveSchema = z.strictObject({
  rules: z.strictObject(
    Object.fromEntries(
      Object.entries(diveRules).map(([name, schema]) => [name, z.union([z.literal('disabled'), schema]).optional()]),
    ),
  ),
})

const keyed = z.strictObject({ key: z.string(), value: z.string().default(''), isRegex: z.boolean().default(false) })

/** container-structure-test 2.0.0: what needs no container, and the names of what does. */
export const structureTestSchema = z.strictObject({
  schemaVersion: z.union([z.literal('2.0.0'), z.literal(2)]),
  fileExistenceTests: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        path: z.string().min(1),
        shouldExist: z.boolean().default(true),
        permissions: z.string().optional(),
        uid: z.int().optional(),
        gid: z.int().optional(),
        isExecutableBy: z.enum(['', 'owner', 'group', 'other', 'any']).optional(),
      }),
    )
    .default([]),
  fileContentTests: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        path: z.string().min(1),
        expectedContents: z.array(regex).default([]),
        excludedContents: z.array(regex).default([]),
      }),
    )
    .default([]),
  metadataTest: z
    .strictObject({
      env: z.array(keyed),
      envVars: z.array(keyed),
      unboundEnv: z.array(z.unknown()),
      labels: z.array(keyed),
      entrypoint: texts.nullable(),
      cmd: texts.nullable(),
      exposedPorts: z.array(z.union([z.string(), z.number()])),
      unexposedPorts: z.array(z.union([z.string(), z.number()])),
      volumes: texts,
      unmountedVolumes: texts,
      workdir: z.string(),
      user: z.string(),
    })
    .partial()
    .default({}),
  commandTests: z.array(z.unknown()).default([]),
  licenseTests: z.array(z.unknown()).default([]),
  globalEnvVars: z.array(z.unknown()).default([]),
  containerRunOptions: z.unknown().optional(),
})

export type PolicyFile = z.output<typeof policySchema>
export type StructureTestFile = z.output<typeof structureTestSchema>
