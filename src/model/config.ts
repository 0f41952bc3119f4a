import { z } from 'zod'
import { goMap, goStruct, goStrings } from './json.js'

const healthcheck = goStruct({
  Test: goStrings.optional(),
  Interval: z.number().optional(),
  Timeout: z.number().optional(),
  StartPeriod: z.number().optional(),
  StartInterval: z.number().optional(),
  Retries: z.number().optional(),
})

/** The `config` object: what a container of the image starts with. */
export const containerConfig = goStruct({
  Hostname: z.string().optional(),
  Domainname: z.string().optional(),
  User: z.string().optional(),
  ExposedPorts: goMap(z.unknown()).optional(),
  Env: goStrings.optional(),
  Cmd: goStrings.optional(),
  Entrypoint: goStrings.optional(),
  Healthcheck: healthcheck.optional(),
  Volumes: goMap(z.unknown()).optional(),
  WorkingDir: z.string().optional(),
  Labels: goMap(z.string()).optional(),
  StopSignal: z.string().optional(),
  OnBuild: goStrings.optional(),
  Shell: goStrings.optional(),
})

const historyEntry = goStruct({
  created: z.string().optional(),
  author: z.string().optional(),
  created_by: z.string().optional(),
  comment: z.string().optional(),
  empty_layer: z.boolean().optional(),
})

const rootfs = goStruct({
  type: z.string().optional(),
  diff_ids: goStrings.optional(),
})

/** An image config: docker's image JSON and the OCI image config in one (OCI image spec, config.md). */
export const imageConfig = goStruct({
  created: z.string().optional(),
  author: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  os: z.string().optional(),
  'os.version': z.string().optional(),
  'os.features': goStrings.optional(),
  config: containerConfig.optional(),
  rootfs: rootfs.optional(),
  history: z.array(z.preprocess((item) => item ?? {}, historyEntry)).optional(),
  docker_version: z.string().optional(),
  comment: z.string().optional(),
})

/** A v1 image JSON: one per layer, before content addressing. */
export const v1Image = goStruct({
  id: z.string().optional(),
  parent: z.string().optional(),
  created: z.string().optional(),
  author: z.string().optional(),
  comment: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  os: z.string().optional(),
  docker_version: z.string().optional(),
  config: containerConfig.optional(),
  container_config: containerConfig.optional(),
})

/** What containers of an image start with. */
export type ContainerConfig = z.output<typeof containerConfig>
/** The parsed config of an image; null and absent fields are both undefined. */
export type ImageConfig = z.output<typeof imageConfig>
/** One step of the history. */
export type HistoryEntry = z.output<typeof historyEntry>
/** The parsed JSON of a v1 image. */
export type V1Image = z.output<typeof v1Image>

// RFC 3339 as Go's time.Time reads it: upper-case T and Z, any number of fraction digits.
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Whether Go would read the text as a time; docker refuses a config whose `created` it cannot read. */
export function isTime(text: string): boolean {
  return RFC3339.test(text) && !Number.isNaN(Date.parse(text.replace(',', '.').replace(/(\.\d{3})\d+/, '$1')))
}
