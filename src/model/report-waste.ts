import { z } from 'zod'
import { envelope, findingSchema } from './report-parts.js'

const layerIndex = z.number().describe('index of a layer, base = 0')
const fate = z.enum(['visible', 'rewritten', 'replaced', 'deleted', 'ignored'])
const name = { path: z.string().describe('absolute'), pathBytes: z.string().optional() }
const head = { archive: z.string(), imageID: z.string().nullable() }

/** `imgtar efficiency --json`. */
export const efficiencySchema = z.object({
  ...envelope('efficiency'),
  ...head,
  storedBytes: z.number().describe('bytes of all files of all layers'),
  wastedBytes: z.number().describe('those that the merged tree does not show'),
  userBytes: z.number().describe('bytes of the files of all layers but the base'),
  efficiency: z.number().describe('0 to 1: what is shown over what is stored'),
  userWastedPercent: z.number().describe('wastedBytes over userBytes, 1 for 100 %'),
  layers: z.array(
    z.object({
      layer: layerIndex,
      storedBytes: z.number(),
      wastedBytes: z.number(),
      createdBy: z.string().optional(),
    }),
  ),
  paths: z
    .array(
      z.object({
        ...name,
        wastedBytes: z.number(),
        copies: z.array(
          z.object({
            layer: layerIndex,
            size: z.number(),
            fate: fate.describe('rewritten: stored again with the same bytes; ignored: never a file of the image'),
            hiddenBy: z.number().nullable().describe('index of the layer that hid it'),
          }),
        ),
      }),
    )
    .describe('most wasteful first'),
  rules: z.array(
    z.object({
      rule: z.enum(['lowestEfficiency', 'highestWastedBytes', 'highestUserWastedPercent']),
      limit: z.number(),
      value: z.number(),
      ok: z.boolean(),
    }),
  ),
  findings: z.array(findingSchema),
})

/** `imgtar buried --json`. */
export const buriedSchema = z.object({
  ...envelope('buried'),
  ...head,
  bytes: z.number(),
  files: z
    .array(
      z.object({
        ...name,
        size: z.number(),
        fate,
        layer: layerIndex,
        createdBy: z.string().nullable().describe('the step that stored it'),
        hiddenBy: z.number().nullable().describe('index of the layer that hid it'),
        hiddenByStep: z.string().nullable(),
      }),
    )
    .describe('by path, then layer'),
  findings: z.array(findingSchema),
})

/** `imgtar blame --json`. */
export const blameSchema = z.object({
  ...envelope('blame'),
  ...head,
  path: z.string().describe('as it was asked for'),
  versions: z
    .array(
      z.object({
        layer: layerIndex,
        change: z.enum(['added', 'replaced', 'metadata', 'rewritten', 'deleted']),
        createdBy: z.string().nullable().describe('the step of the history that made the layer'),
        created: z.string().nullable(),
        entry: z
          .object({
            ...name,
            type: z.enum(['file', 'symlink', 'char', 'block', 'directory', 'fifo']),
            mode: z.number(),
            uid: z.number(),
            gid: z.number(),
            size: z.number(),
            mtime: z.string(),
            linkPath: z.string().optional(),
            sha256: z.string().optional(),
          })
          .optional()
          .describe('what the path was from then on; absent where it was deleted'),
      }),
    )
    .describe('layers that changed the path, base first'),
  findings: z.array(findingSchema),
})

/** The reports about what layers hold and hide. */
export const WASTE_SCHEMAS = { efficiency: efficiencySchema, buried: buriedSchema, blame: blameSchema } as const

export type EfficiencyReport = z.output<typeof efficiencySchema>
export type BuriedReport = z.output<typeof buriedSchema>
export type BlameReport = z.output<typeof blameSchema>
