import { z } from 'zod'
import { goMap, goStruct, goStrings } from './json.js'

/** A platform as an index names it (OCI image spec, image-index.md). */
const platformSchema = goStruct({
  architecture: z.string().optional(),
  os: z.string().optional(),
  'os.version': z.string().optional(),
  'os.features': goStrings.optional(),
  variant: z.string().optional(),
})

/** A descriptor: a claim about content that lies elsewhere (OCI image spec, descriptor.md). */
export const descriptorSchema = goStruct({
  mediaType: z.string().default(''),
  digest: z.string().default(''),
  size: z.number().default(0),
  urls: goStrings.optional(),
  annotations: goMap(z.string()).optional(),
  data: z.string().optional(),
  artifactType: z.string().optional(),
  platform: platformSchema.optional(),
})

/** Media type, digest and size that a document claims for a blob. */
export type Descriptor = z.output<typeof descriptorSchema>
