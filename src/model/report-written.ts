import { z } from 'zod'
import { envelope, findingSchema } from './report-parts.js'

const layer = z.object({
  diffID: z.string().describe('sha256 of the uncompressed layer'),
  digest: z.string().describe('of the bytes as they are stored now'),
  size: z.number().describe('bytes as they are stored now'),
  compression: z.enum(['none', 'gzip', 'zstd', 'xz', 'bzip2']).optional().describe('where it was looked at'),
  leftOut: z.boolean().optional().describe('a thin archive does not hold it'),
})

const image = z.object({
  names: z.array(z.string()),
  imageID: z.string().describe('sha256 of the config bytes'),
  digest: z.string().nullable().describe('of its manifest in an OCI layout; null where the output holds none'),
  index: z
    .string()
    .optional()
    .describe('digest of the index above it that was carried over: what registries know it by'),
  platform: z.string(),
  layers: z.array(layer),
})

const written = <Name extends string>(name: Name) =>
  z.object({
    ...envelope(name),
    output: z.object({
      path: z.string().describe('as named on the command line; - is standard output'),
      format: z.enum(['docker-archive', 'oci-archive', 'oci']),
      layout: z.enum(['universal', 'hybrid', 'classic', 'as-it-was']).nullable().describe('of a docker archive'),
      size: z.number().describe('bytes of the archive, or of all files of a directory'),
      written: z.boolean().describe('false with --dry-run'),
    }),
    images: z.array(image),
    findings: z.array(findingSchema).describe('what was odd about the inputs, and what was not taken over'),
  })

const strippedName = z.object({
  layer: z.number().describe('index of the layer, base = 0'),
  path: z.string().describe('absolute; of a directory that went with all in it, its own'),
  pathBytes: z.string().optional().describe('base64 of the name, only where it is not UTF-8'),
  names: z.number().describe('entries of the layer: itself, all below it, and whiteouts of them'),
  bytes: z.number().describe('of their contents, as they were stored'),
})

const retimed = z.object({
  to: z.string().describe('RFC 3339: the time that the others became'),
  which: z.enum(['later', 'all']).describe('later: only times after it; all: every time'),
  layers: z
    .array(
      z.object({
        layer: z.number().describe('index of the layer, base = 0'),
        entries: z.number().describe('how many of its entries said another time'),
      }),
    )
    .describe('those in which a time changed; the others keep their diffIDs'),
  config: z.boolean().describe('whether a time of the image or of its history changed'),
  builder: z.boolean().describe('whether anything was taken out that docker wrote of its build'),
})

const ARCHIVES = {
  save: written('save'),
  tag: written('tag'),
  import: written('import'),
  commit: written('commit'),
  config: written('config'),
  thin: written('thin'),
  hydrate: written('hydrate'),
  squash: written('squash'),
  strip: written('strip'),
  retime: written('retime'),
  append: written('append'),
  rebase: written('rebase'),
} as const

/** What every command that writes an archive answers with `--json`. */
export const WRITTEN_SCHEMAS = {
  ...ARCHIVES,
  strip: ARCHIVES.strip.extend({
    stripped: z.array(strippedName).describe('what went, layer by layer, the base first'),
  }),
  retime: ARCHIVES.retime.extend({ retimed }),
} as const

/** The report of a command that writes an archive; that of `strip` says what went, that of `retime` which times changed. */
export type WrittenReport = z.output<(typeof ARCHIVES)[keyof typeof ARCHIVES]> & {
  readonly stripped?: readonly StrippedName[]
  readonly retimed?: Retimed
}
/** The command that wrote. */
export type WriterName = keyof typeof ARCHIVES
/** What went from one layer. */
export type StrippedName = z.output<typeof strippedName>
/** Which times became which. */
export type Retimed = z.output<typeof retimed>
/** An image in such a report. */
export type WrittenImage = z.output<typeof image>
