import { z } from 'zod'
import { MANAGERS } from './package-managers.js'
import { envelope, findingSchema } from './report-parts.js'

const count = z.number().int()

const fieldValue = z.union([z.string(), z.number(), z.null()])

/** A field that differs, with both values; null where one side has none. */
const fieldPair = z.object({ a: fieldValue, b: fieldValue })

/** One side of a diff. */
const sideSchema = z.object({
  archive: z.string(),
  format: z.string(),
  imageID: z.string().nullable(),
  platform: z.string(),
  names: z.array(z.string()),
  layers: count,
  entries: count.describe('names in the merged root filesystem'),
  size: z.number().nullable().describe('bytes of all layers as stored; null where one is missing'),
  diffSize: z.number().describe('bytes of all layers, uncompressed'),
  contentSize: z.number().describe('bytes of all files of the merged root filesystem, hard links once'),
  rootfsDigest: z
    .string()
    .nullable()
    .describe(
      'docs/rootfs-digest.md, under the tolerances given; null where a layer could not be read, and without --digest where large layers are the same',
    ),
})

/** A path that is not the same on both sides. */
const fileChangeSchema = z.object({
  path: z.string().describe('absolute; on side b where it was renamed; with U+FFFD where the name is not UTF-8'),
  pathBytes: z.string().optional().describe('base64 of the name, only where it is not UTF-8'),
  change: z.enum(['added', 'removed', 'modified', 'renamed']),
  type: z.string().describe('file, directory, symlink, char, block or fifo; on side b unless it was removed'),
  size: z.number().describe('bytes; on side b unless it was removed'),
  from: z.string().optional().describe('path on side a of what was renamed'),
  fromBytes: z.string().optional(),
  fields: z
    .record(z.string(), fieldPair)
    .describe('type mode uid gid size sha256 linkPath device mtime hardlink xattr:NAME'),
  package: z.string().optional().describe('the changed package that the path belongs to, as packages[].id'),
})

const configChangeSchema = z.object({
  field: z.string().describe('as config.Env.PATH, config.Labels.x, architecture'),
  a: z.unknown(),
  b: z.unknown(),
})

const historyChangeSchema = z.object({
  change: z.enum(['added', 'removed', 'modified']),
  a: count.nullable().describe('index of the step, oldest = 0'),
  b: count.nullable(),
  createdBy: z.string(),
  fields: z.record(z.string(), fieldPair),
})

const layerSideSchema = z.object({
  index: count,
  diffID: z.string().nullable().describe('measured; claimed where the layer was compared byte for byte'),
  size: z.number().nullable().describe('bytes as stored'),
  diffSize: z.number().nullable(),
  compression: z.string().nullable(),
  createdBy: z.string().nullable(),
})

const layerPairSchema = z.object({
  a: layerSideSchema.nullable(),
  b: layerSideSchema.nullable(),
  change: z.enum(['same', 'recompressed', 'modified', 'added', 'removed', 'unreadable']),
  pairedBy: z.enum(['diffID', 'history', 'content']).nullable(),
  why: z
    .object({
      differs: z
        .array(z.enum(['compression', 'dialect', 'order', 'mtimes', 'owners', 'files']))
        .describe('all that differs; nothing but files where normalising cannot make both equal'),
      files: z.object({ added: count, removed: count, modified: count }),
      proof: z.string().nullable().describe('sha256 of the entries without what differs, the same on both sides'),
    })
    .optional()
    .describe('with --layers'),
})

const packageChangeSchema = z.object({
  id: z.string().describe('unique in the report: dpkg:openssl'),
  manager: z.enum(MANAGERS),
  name: z.string(),
  change: z.enum(['added', 'removed', 'upgraded', 'downgraded', 'changed']),
  a: z.string().nullable().describe('version'),
  b: z.string().nullable(),
  path: z.string().optional().describe('where it is installed, for python and npm'),
  files: count.describe('file changes that belong to it'),
})

/** `imgtar diff --json`. */
export const diffSchema = z.object({
  ...envelope('diff'),
  equal: z.boolean().describe('under the tolerances given'),
  whole: z.boolean().describe('whether all layers could be read; if not, nothing is proved and the exit code is 2'),
  a: sideSchema,
  b: sideSchema,
  summary: z.object({
    files: z.object({ added: count, removed: count, modified: count, renamed: count }),
    folded: count.describe('file changes that belong to a changed package'),
    fields: z.record(z.string(), count).describe('how many paths differ in which field'),
    config: count,
    history: count,
    names: count,
    packages: z.object({ added: count, removed: count, changed: count }),
    layers: z.object({ same: count, changed: count, added: count, removed: count }),
  }),
  files: z.array(fileChangeSchema),
  config: z.array(configChangeSchema),
  history: z.array(historyChangeSchema),
  names: z.object({ a: z.array(z.string()), b: z.array(z.string()) }).describe('names that only one side has'),
  layers: z.array(layerPairSchema),
  packages: z.array(packageChangeSchema),
  growth: z
    .array(z.object({ path: z.string(), a: z.number(), b: z.number() }))
    .describe('files that grew or shrank most, largest change first'),
  ignored: z
    .array(z.object({ rule: z.string(), what: z.string(), count }))
    .describe('differences that a tolerance hid, by the option that did'),
  notCompared: z.array(z.object({ what: z.string(), why: z.string() })),
  content: z
    .object({ path: z.string(), lines: z.array(z.string()), note: z.string().nullable() })
    .optional()
    .describe('with --content: a unified diff'),
  shown: z
    .object({
      as: z.enum(['list', 'tree', 'markdown']),
      all: z.boolean().describe('long lists in full'),
      fold: z.boolean().describe('files of changed packages as a count'),
      layers: z.boolean().describe('why layers differ'),
    })
    .describe('what was asked of the text'),
  findings: z.array(findingSchema),
})

/** `imgtar rootfs-digest --json`. */
export const rootfsDigestSchema = z.object({
  ...envelope('rootfs-digest'),
  archive: z.string(),
  imageID: z.string().nullable(),
  digest: z.string().nullable().describe('docs/rootfs-digest.md; null where a layer could not be read'),
  profile: z.string().describe('what was normalised: the first line of the list'),
  entries: count,
  list: z.array(z.string()).optional().describe('with --list: the lines that are hashed'),
  findings: z.array(findingSchema),
})
