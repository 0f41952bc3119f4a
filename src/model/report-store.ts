import { z } from 'zod'
import { envelope, findingSchema } from './report-parts.js'

const damagedFile = z.object({
  path: z.string().describe('as the layer has it; with U+FFFD where the name is not UTF-8'),
  pathBytes: z.string().optional().describe('base64 of the name, only where it is not UTF-8'),
  problem: z
    .enum(['missing', 'not-a-file', 'unsafe', 'unreadable', 'size', 'content'])
    .describe(
      'gone; something else in its place; a name that leads out; no permission or bad sector; resized; changed',
    ),
  size: z.number().describe('bytes that the sidecar has for it'),
  crc64: z.string().describe('that the sidecar has for it, 16 hex digits'),
  actualSize: z.number().optional().describe('bytes that are there'),
  actualCrc64: z.string().optional().describe('of what is there'),
})

/** `imgtar tar-split --json`. */
export const tarSplitSchema = z.object({
  ...envelope('tar-split'),
  action: z.enum(['disassemble', 'assemble', 'check']),
  sidecar: z.string(),
  wrote: z.string().nullable().describe('the sidecar or the tar; null where nothing was written'),
  files: z.number().describe('files with content'),
  bytes: z.number().describe('of the tar; of the files where they were only checked'),
  digest: z.string().nullable().describe('sha256 of the tar, where it was read or put together'),
  damaged: z.array(damagedFile),
  findings: z.array(findingSchema),
})

const state = z.enum(['exact', 'rebuilt', 'damaged', 'lost'])

/** `imgtar census --json`. */
export const censusSchema = z.object({
  ...envelope('census'),
  root: z.string(),
  drivers: z.array(
    z.object({
      path: z.string(),
      driver: z.string(),
      engine: z.string().describe('what the files tell of the docker that wrote them'),
    }),
  ),
  layers: z.array(
    z.object({
      chainID: z
        .string()
        .describe('of a docker up to 1.9 the ID of the image that the layer is; digest of a blob without config'),
      diffID: z.string().nullable(),
      driver: z.string(),
      cacheID: z.string().nullable().describe('name of the folder that the driver keeps it in'),
      size: z.number().nullable().describe('bytes of its files, as docker counts them; of the blob in a containerd'),
      snapshotSize: z
        .number()
        .optional()
        .describe('bytes that the unpacked snapshot of a containerd takes beside that'),
      state: state.describe(
        'exact: its tar has the diffID, or its blob the digest; rebuilt: made anew of its files, since nobody kept the tar ' +
          'or what to prove it by; damaged: files or bytes differ; lost: it cannot be rebuilt at all',
      ),
      images: z.array(z.string()).describe('IDs of the images that use it'),
      containers: z.array(z.string()).describe('names of the containers that lie on it'),
      damaged: z.array(damagedFile),
      added: z.array(z.string()).describe('paths that lie in the folder and are not of the layer'),
    }),
  ),
  images: z.array(
    z.object({
      imageID: z.string(),
      names: z.array(z.string()),
      repoDigests: z.array(z.string()),
      sources: z.array(z.string()).describe('repositories of registries that its layers came from or went to'),
      driver: z.string(),
      state: state.describe('exact: can be recovered bit by bit'),
      size: z.number().nullable(),
      ownSize: z.number().nullable().describe('bytes of layers that no other image uses'),
    }),
  ),
  containers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      imageID: z.string(),
      driver: z.string(),
      state: state.describe('of the layers of its image; what it wrote itself has nothing to be held against'),
    }),
  ),
  findings: z.array(findingSchema),
})

/** `imgtar recover --json`. */
export const recoverSchema = z.object({
  ...envelope('recover'),
  root: z.string(),
  directory: z.string(),
  recovered: z.array(
    z.object({
      kind: z.enum(['image', 'container']),
      names: z.array(z.string()),
      id: z.string().describe('imageID, or ID of the container'),
      repoDigests: z.array(z.string()),
      sources: z.array(z.string()).describe('repositories of registries that its layers came from or went to'),
      state: z
        .enum(['exact', 'lossy', 'lost'])
        .describe(
          'exact: every layer has its diffID; lossy: made of what is there, another imageID; lost: not written',
        ),
      newImageID: z.string().optional().describe('of a lossy image'),
      path: z.string().nullable().describe('file that was written'),
      size: z.number(),
      damaged: z.array(damagedFile.extend({ layer: z.number().describe('index of the layer, base = 0') })),
      reason: z.string().optional().describe('why it is lost'),
    }),
  ),
  findings: z.array(findingSchema),
})

/** `imgtar load --json`. */
export const loadSchema = z.object({
  ...envelope('load'),
  archive: z.string(),
  root: z.string(),
  images: z.array(
    z.object({
      names: z.array(z.string()),
      imageID: z.string(),
      layers: z.array(
        z.object({
          diffID: z.string(),
          chainID: z.string(),
          cacheID: z.string().nullable().describe('folder in overlay2 that was made; null where the layer was there'),
          size: z.number().nullable().describe('bytes of its files, as docker counts them; null where it was there'),
        }),
      ),
    }),
  ),
  findings: z.array(findingSchema),
})

/** What the commands about data-roots answer. */
export const STORE_SCHEMAS = {
  'tar-split': tarSplitSchema,
  census: censusSchema,
  recover: recoverSchema,
  load: loadSchema,
} as const

export type DamagedFile = z.output<typeof damagedFile>
export type TarSplitReport = z.output<typeof tarSplitSchema>
export type CensusReport = z.output<typeof censusSchema>
export type RecoverReport = z.output<typeof recoverSchema>
export type LoadReport = z.output<typeof loadSchema>
/** The report of a command about data-roots. */
export type StoreReport = TarSplitReport | CensusReport | RecoverReport | LoadReport
