import { z } from 'zod'
import { descriptorSchema } from './descriptor.js'
import { goMap, goStruct, goStrings } from './json.js'

const layerSource = goStruct({
  mediaType: z.string().optional(),
  size: z.number().optional(),
  digest: z.string().optional(),
})

/** One image of a docker archive's manifest.json. */
export const saveItem = goStruct({
  Config: z.string().default(''),
  RepoTags: goStrings.optional(),
  Layers: goStrings.default([]),
  Parent: z.string().optional(),
  LayerSources: goMap(layerSource).optional(),
})

/** manifest.json of a docker archive; null, which old engines take for an empty list, is an empty list. */
export const saveManifest = z.preprocess((value) => value ?? [], z.array(saveItem))

/** An OCI image manifest or docker schema2 manifest, and all that may stand in one that pretends to be two things. */
export const imageManifest = goStruct({
  schemaVersion: z.number().optional(),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).optional(),
  manifests: z.array(descriptorSchema).optional(),
  fsLayers: z.array(z.unknown()).optional(),
  subject: descriptorSchema.optional(),
  annotations: goMap(z.string()).optional(),
})

/** The oci-layout file. */
export const ociLayout = goStruct({ imageLayoutVersion: z.string().optional() })

/** The repositories file: name → tag → v1 id, or top layer since docker 25. */
export const repositoriesFile = goMap(goMap(z.string()))

/** One image of manifest.json. */
export type SaveItem = z.output<typeof saveItem>
/** A parsed manifest or index. */
export type ImageManifest = z.output<typeof imageManifest>
/** A parsed repositories file. */
export type Repositories = z.output<typeof repositoriesFile>
