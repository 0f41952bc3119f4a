import { z } from 'zod/mini'
import { hexOf } from '../bytes/digest.js'
import { goMap, goStruct, goStrings } from './json.js'

/** A platform as an index names it (OCI image spec, image-index.md). */
const platformSchema = goStruct({
  architecture: z.optional(z.string()),
  os: z.optional(z.string()),
  'os.version': z.optional(z.string()),
  'os.features': z.optional(goStrings),
  variant: z.optional(z.string()),
})

/** A descriptor: a claim about content that lies elsewhere (OCI image spec, descriptor.md). */
export const descriptorSchema = goStruct({
  mediaType: z._default(z.string(), ''),
  digest: z._default(z.string(), ''),
  size: z._default(z.number(), 0),
  urls: z.optional(goStrings),
  annotations: z.optional(goMap(z.string())),
  data: z.optional(z.string()),
  artifactType: z.optional(z.string()),
  platform: z.optional(platformSchema),
})

/** Media type, digest and size that a document claims for a blob. */
export type Descriptor = z.output<typeof descriptorSchema>

/** The path that a digest has in an OCI layout. */
export function blobPath(digest: string): string {
  return `blobs/${digest.slice(0, digest.indexOf(':'))}/${hexOf(digest)}`
}
