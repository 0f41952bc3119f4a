import { z } from 'zod'
import { engineSchema } from './report-engines.js'
import { diffSchema, rootfsDigestSchema } from './report-diff.js'
import { FILES_SCHEMAS, type FilesReport } from './report-files.js'
import { packagesSchema, type PackagesReport } from './report-packages.js'
import { envelope, errorSchema, findingSchema } from './report-parts.js'
import { policyCheckSchema } from './report-policy.js'
import { salvageSchema, type SalvageReport } from './report-salvage.js'
import { STORE_SCHEMAS, type StoreReport } from './report-store.js'
import { WASTE_SCHEMAS, type BlameReport, type BuriedReport, type EfficiencyReport } from './report-waste.js'
import { WRITTEN_SCHEMAS, type WrittenReport } from './report-written.js'

export { diffSchema, rootfsDigestSchema } from './report-diff.js'
export { errorSchema, findingSchema } from './report-parts.js'

/** A layer as reports carry it. */
export const layerSchema = z.object({
  diffID: z.string().optional().describe('sha256 of the uncompressed layer: measured where it was, else claimed'),
  chainID: z.string().optional(),
  digest: z.string().optional().describe('of the bytes as stored'),
  size: z.number().optional().describe('bytes as stored'),
  diffSize: z.number().optional().describe('uncompressed bytes'),
  mediaType: z.string().optional(),
  compression: z.enum(['none', 'gzip', 'zstd', 'xz', 'bzip2']).optional(),
  path: z.string().describe('member that holds the layer'),
  missing: z.boolean().optional(),
  history: z.string().optional().describe('created_by of the step that made the layer'),
  checked: z.array(z.string()).optional().describe('what each claim was checked against'),
})

/** An image as reports carry it. */
export const imageSchema = z.object({
  names: z.array(z.string()),
  imageID: z.string().optional().describe('sha256 of the config bytes'),
  digest: z.string().optional().describe('digest of the manifest, where there is one'),
  platform: z.string(),
  created: z.string().optional(),
  layers: z.array(layerSchema),
})

/** `imgtar verify --json`. */
export const verifySchema = z.object({
  ...envelope('verify'),
  failOn: z.enum(['error', 'warning', 'note']).describe('the least severity that fails an archive'),
  copy: z
    .object({ path: z.string(), size: z.number() })
    .optional()
    .describe('what `--tee` kept of a pipe, whatever was found in it'),
  archives: z.array(
    z.object({
      archive: z.string(),
      format: z.string().optional(),
      ok: z.boolean(),
      images: z.array(imageSchema),
      findings: z.array(findingSchema),
      error: errorSchema
        .optional()
        .describe('why the archive could not be read; the findings hold what was seen before'),
      engines: z.array(engineSchema).optional().describe('what engines would do with it, where `--for` asks'),
      checks: z.array(policyCheckSchema).optional().describe('every rule of the policies, in their order'),
    }),
  ),
  summary: z.object({
    archives: z.number(),
    passed: z.number(),
    failed: z.number(),
    unreadable: z.number(),
    findings: z.object({ error: z.number(), warning: z.number(), note: z.number(), allowed: z.number() }),
  }),
})

/** `imgtar inspect --json`. */
export const inspectSchema = z.object({
  ...envelope('inspect'),
  archive: z.string(),
  format: z.string(),
  images: z.array(
    imageSchema.extend({
      checked: z.array(z.string()).describe('what each claim was checked against'),
      config: z.unknown().describe('the image config as the archive has it'),
      attachments: z.array(z.string()).describe('digests of attestations that refer to the image'),
    }),
  ),
  findings: z.array(findingSchema),
})

/** `imgtar images --json`: a row per name, or one row for an image without names. */
export const imagesSchema = z.object({
  ...envelope('images'),
  images: z.array(
    z.object({
      archive: z.string(),
      repository: z.string().nullable(),
      tag: z.string().nullable(),
      imageID: z.string(),
      platform: z.string(),
      created: z.string().nullable(),
      size: z.number().nullable().describe('bytes of all files, as docker counts them; null where a layer is missing'),
      topSize: z
        .number()
        .nullable()
        .optional()
        .describe(
          'of the top layer alone: the SIZE of a docker up to 1.9, in whose store it lies; size is VIRTUAL SIZE',
        ),
    }),
  ),
  findings: z.array(findingSchema),
  errors: z.array(errorSchema).describe('archives that could not be read'),
})

/** `imgtar history --json`: newest step first, as `docker history`. */
export const historySchema = z.object({
  ...envelope('history'),
  archive: z.string(),
  imageID: z.string(),
  history: z.array(
    z.object({
      created: z.string().nullable(),
      createdBy: z.string(),
      comment: z.string(),
      size: z.number().nullable().describe('bytes of the layer that the step made; 0 where it made none'),
      emptyLayer: z.boolean(),
      diffID: z.string().nullable(),
      layer: z.number().nullable().describe('index of the layer, base = 0'),
    }),
  ),
  findings: z.array(findingSchema),
})

/** One entry of a tree. */
export const entrySchema = z.object({
  path: z.string().describe('absolute; with U+FFFD where the name is not UTF-8'),
  pathBytes: z.string().optional().describe('base64 of the name, only where it is not UTF-8'),
  type: z.enum(['file', 'hardlink', 'symlink', 'char', 'block', 'directory', 'fifo', 'unknown', 'whiteout', 'opaque']),
  mode: z.number().describe('permission bits, setuid, setgid and sticky included'),
  uid: z.number(),
  gid: z.number(),
  size: z.number(),
  mtime: z.string().describe('seconds since 1970 with up to 9 fraction digits'),
  linkPath: z.string().optional(),
  device: z.string().optional().describe('major,minor'),
  xattrs: z.array(z.string()).describe('names, sorted'),
  layer: z.number().describe('index of the layer that made the entry, base = 0'),
})

/** `imgtar ls --json`. */
export const lsSchema = z.object({
  ...envelope('ls'),
  archive: z.string(),
  imageID: z.string().nullable(),
  allLayers: z.boolean().describe('whether a path comes once for every layer that has it'),
  entries: z.array(entrySchema),
  findings: z.array(findingSchema),
})

/** Every report that a command can answer; scripts/docs.mjs reads it from the build. @public */
export const REPORT_SCHEMAS = {
  verify: verifySchema,
  inspect: inspectSchema,
  images: imagesSchema,
  history: historySchema,
  ls: lsSchema,
  diff: diffSchema,
  'rootfs-digest': rootfsDigestSchema,
  ...WRITTEN_SCHEMAS,
  ...STORE_SCHEMAS,
  salvage: salvageSchema,
  ...FILES_SCHEMAS,
  ...WASTE_SCHEMAS,
  packages: packagesSchema,
} as const

export type FindingReport = z.output<typeof findingSchema>
export type ErrorReport = z.output<typeof errorSchema>
export type LayerReport = z.output<typeof layerSchema>
export type ImageReport = z.output<typeof imageSchema>
export type VerifyReport = z.output<typeof verifySchema>
export type InspectReport = z.output<typeof inspectSchema>
export type ImagesReport = z.output<typeof imagesSchema>
export type HistoryReport = z.output<typeof historySchema>
/** The entries of a large image are made while they are read, and anew each time. */
export type LsReport = Omit<z.output<typeof lsSchema>, 'entries'> & { readonly entries: Iterable<EntryReport> }
export type DiffReport = z.output<typeof diffSchema>
export type RootfsDigestReport = z.output<typeof rootfsDigestSchema>
export type EntryReport = z.output<typeof entrySchema>
/** What operations answer: plain data, of which `jsonPieces` loses nothing. */
export type Report =
  | VerifyReport
  | InspectReport
  | ImagesReport
  | HistoryReport
  | LsReport
  | DiffReport
  | RootfsDigestReport
  | WrittenReport
  | StoreReport
  | SalvageReport
  | FilesReport
  | EfficiencyReport
  | BuriedReport
  | BlameReport
  | PackagesReport
