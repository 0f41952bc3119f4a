import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'

/** Where the independent facts lie; no part of the repository. */
export const CORPUS = resolve(import.meta.dirname, '../../../shared/corpus')

/** Whether there is anything to compare with. */
export const hasCorpus = existsSync(resolve(CORPUS, 'EXPECTED.json'))

const layerFacts = z.object({
  path: z.string().optional(),
  missing: z.boolean().optional(),
  blob_sha256: z.string().optional(),
  blob_size: z.number().optional(),
  compression: z.string().optional(),
  diff_sha256: z.string().optional(),
  diff_size: z.number().optional(),
  decompress_error: z.string().optional(),
})

const imageFacts = z.object({
  config_path: z.string().nullish(),
  config_sha256: z.string().optional(),
  config_missing: z.boolean().optional(),
  config: z
    .object({
      error: z.string().optional(),
      os: z.string().nullish(),
      architecture: z.string().nullish(),
      created: z.string().nullish(),
      rootfs_diff_ids: z.array(z.string()).nullish(),
    })
    .optional(),
  repo_tags: z.union([z.array(z.string()), z.string()]).nullish(),
  layers: z.array(layerFacts).optional(),
  chain_ids_of_actual_layers: z.array(z.string()).optional(),
  layers_match_config_diff_ids: z.boolean().nullish(),
  error: z.string().optional(),
})
/** What sha256sum, the decompressors and a JSON reader found of one image. */
export type ImageFacts = z.output<typeof imageFacts>

const manifestFacts = z.object({
  digest: z.string(),
  again: z.boolean().optional(),
  artifactType: z.string().optional(),
  platform: z.object({ os: z.string().optional(), architecture: z.string().optional() }).optional(),
  image: imageFacts.optional(),
})

const ociFacts = z.object({
  manifests: z.array(manifestFacts).default([]),
  blobs_whose_digest_is_wrong: z.array(z.object({ blob: z.string(), actual: z.string().optional() })).default([]),
  missing_blobs: z.array(z.object({ digest: z.string(), what: z.string().optional() })).default([]),
  wrong_sizes: z.array(z.object({ digest: z.string() })).default([]),
})

const outerFacts = z.object({
  decompress_error: z.string().optional(),
  gnu_tar: z.object({ rc: z.number() }).optional(),
})

const loadFacts = z.object({
  accepts: z.boolean().optional(),
  images: z
    .array(z.object({ Id: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()).nullish() }))
    .optional(),
})

// `ID name` of each image, a line for each name.
const podmanFacts = z.object({ images: z.array(z.string()).optional() })

const facts = z.object({
  outer: outerFacts.optional(),
  'manifest.json': z.object({ error: z.string().optional() }).optional(),
  images: z.array(imageFacts).optional(),
  oci: ociFacts.optional(),
  peers: z
    .object({
      'docker load': z.record(z.string(), loadFacts).optional(),
      'podman 4.3.1 load': podmanFacts.optional(),
      'podman 5.8.6 load': podmanFacts.optional(),
    })
    .optional(),
  decompressed_sha256: z.string().optional(),
  'docker import 20.10.24': z.object({ accepts: z.boolean(), Layers: z.array(z.string()).optional() }).optional(),
})
/** Everything known of one archive. */
export type Facts = z.output<typeof facts>

/** One archive of the corpus. */
export interface CorpusArchive {
  readonly name: string
  readonly file: string
  readonly isDirectory: boolean
  readonly facts: Facts
}

/** The archives of these folders of the corpus, none where there is no corpus. */
export function corpusArchives(folders: readonly string[]): readonly CorpusArchive[] {
  if (!hasCorpus) return []
  // Python wrote the facts: NaN is no JSON.
  const text = readFileSync(resolve(CORPUS, 'EXPECTED.json'), 'utf8').replaceAll(/: (?:NaN|-?Infinity)/g, ': null')
  const all = z.object({ files: z.record(z.string(), z.object({ facts: z.unknown() })) }).parse(JSON.parse(text))
  return Object.entries(all.files).flatMap(([name, entry]) => {
    if (!folders.some((folder) => name.startsWith(folder))) return []
    const file = resolve(CORPUS, name)
    return [{ name, file, isDirectory: statSync(file).isDirectory(), facts: facts.parse(entry.facts) }]
  })
}

/** What each engine said of an archive (`y`, `N`, `CRASH`, `-` where it was not asked); several letters, one an image. */
export function verdictsOfEngines(): ReadonlyMap<string, readonly string[]> {
  const [, ...lines] = readFileSync(resolve(CORPUS, 'ACCEPTS.tsv'), 'utf8').trimEnd().split('\n')
  return new Map(
    lines.map((line) => {
      const [name = '', ...verdicts] = line.split('\t')
      return [name, verdicts]
    }),
  )
}

/** Every image that the facts know of: those of manifest.json, and those that index.json leads to. */
export function imagesOf({ images = [], oci }: Facts): readonly ImageFacts[] {
  return [...images, ...(oci?.manifests ?? []).flatMap(({ image }) => (image === undefined ? [] : [image]))]
}
