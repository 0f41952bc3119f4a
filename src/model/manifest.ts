import { z } from 'zod/mini'
import { descriptorSchema } from './descriptor.js'
import { goMap, goStruct, goStrings, preprocessed } from './json.js'

const layerSource = goStruct({
  mediaType: z.optional(z.string()),
  size: z.optional(z.number()),
  digest: z.optional(z.string()),
})

/** One image of a docker archive's manifest.json. */
export const saveItem = goStruct({
  Config: z._default(z.string(), ''),
  RepoTags: z.optional(goStrings),
  Layers: z._default(goStrings, []),
  Parent: z.optional(z.string()),
  LayerSources: z.optional(goMap(layerSource)),
})

/** manifest.json of a docker archive; null, which old engines take for an empty list, is an empty list. */
export const saveManifest = preprocessed((value) => value ?? [], z.array(saveItem))

/** An OCI image manifest or docker schema2 manifest, and all that may stand in one that pretends to be two things. */
export const imageManifest = goStruct({
  schemaVersion: z.optional(z.number()),
  mediaType: z.optional(z.string()),
  artifactType: z.optional(z.string()),
  config: z.optional(descriptorSchema),
  layers: z.optional(z.array(descriptorSchema)),
  manifests: z.optional(z.array(descriptorSchema)),
  fsLayers: z.optional(z.array(z.unknown())),
  subject: z.optional(descriptorSchema),
  annotations: z.optional(goMap(z.string())),
})

/** The oci-layout file. */
export const ociLayout = goStruct({ imageLayoutVersion: z.optional(z.string()) })

/** The repositories file: name → tag → v1 id, or top layer since docker 25. */
export const repositoriesFile = goMap(goMap(z.string()))

/** One image of manifest.json. */
export type SaveItem = z.output<typeof saveItem>
/** A parsed manifest or index. */
export type ImageManifest = z.output<typeof imageManifest>
/** A parsed repositories file. */
export type Repositories = z.output<typeof repositoriesFile>
