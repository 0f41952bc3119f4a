import { z } from 'zod/mini'
import { goList, goMap, goStruct, goStrings } from './json.js'

const healthcheck = goStruct({
  Test: z.optional(goStrings),
  Interval: z.optional(z.number()),
  Timeout: z.optional(z.number()),
  StartPeriod: z.optional(z.number()),
  StartInterval: z.optional(z.number()),
  Retries: z.optional(z.number()),
})

/** The `config` object: what a container of the image starts with. */
export const containerConfig = goStruct({
  Hostname: z.optional(z.string()),
  Domainname: z.optional(z.string()),
  User: z.optional(z.string()),
  ExposedPorts: z.optional(goMap(z.unknown())),
  Env: z.optional(goStrings),
  Cmd: z.optional(goStrings),
  Entrypoint: z.optional(goStrings),
  Healthcheck: z.optional(healthcheck),
  Volumes: z.optional(goMap(z.unknown())),
  WorkingDir: z.optional(z.string()),
  Labels: z.optional(goMap(z.string())),
  StopSignal: z.optional(z.string()),
  OnBuild: z.optional(goStrings),
  Shell: z.optional(goStrings),
})

const historyEntry = goStruct({
  created: z.optional(z.string()),
  author: z.optional(z.string()),
  created_by: z.optional(z.string()),
  comment: z.optional(z.string()),
  empty_layer: z.optional(z.boolean()),
})

const rootfs = goStruct({
  type: z.optional(z.string()),
  diff_ids: z.optional(goStrings),
})

/** An image config: docker's image JSON and the OCI image config in one (OCI image spec, config.md). */
export const imageConfig = goStruct({
  created: z.optional(z.string()),
  author: z.optional(z.string()),
  architecture: z.optional(z.string()),
  variant: z.optional(z.string()),
  os: z.optional(z.string()),
  'os.version': z.optional(z.string()),
  'os.features': z.optional(goStrings),
  config: z.optional(containerConfig),
  rootfs: z.optional(rootfs),
  history: z.optional(goList(historyEntry, {})),
  docker_version: z.optional(z.string()),
  comment: z.optional(z.string()),
})

/** A v1 image JSON: one per layer, before content addressing. */
export const v1Image = goStruct({
  id: z.optional(z.string()),
  parent: z.optional(z.string()),
  created: z.optional(z.string()),
  author: z.optional(z.string()),
  comment: z.optional(z.string()),
  architecture: z.optional(z.string()),
  variant: z.optional(z.string()),
  os: z.optional(z.string()),
  docker_version: z.optional(z.string()),
  config: z.optional(containerConfig),
  container_config: z.optional(containerConfig),
})

/** What containers of an image start with. */
export type ContainerConfig = z.output<typeof containerConfig>
/** The parsed config of an image; null and absent fields are both undefined. */
export type ImageConfig = z.output<typeof imageConfig>
/** One step of the history. */
export type HistoryEntry = z.output<typeof historyEntry>
/** The parsed JSON of a v1 image. */
export type V1Image = z.output<typeof v1Image>

// RFC 3339 as Go's time.Parse reads it: an hour may have one digit, a fraction any number, a zone 24 hours and 60 minutes.
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-](\d\d):(\d\d))$/

/** Whether Go would read the text as a time; docker refuses a config whose `created` it cannot read. */
export function isTime(text: string): boolean {
  const parts = RFC3339.exec(text)
  if (parts === null) return false
  // Of `Z` no zone is found: NaN, which is over no bound.
  const [year = 0, month = 0, day = 0, hour = 0, zoneHours = 0, zoneMinutes = 0] = parts.slice(1).map(Number)
  if (month < 1 || month > 12 || hour > 23 || zoneHours > 24 || zoneMinutes > 60) return false
  // The calendar comes again every 400 years; Date takes years below 100 for those of 1900.
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  return day >= 1 && day <= days
}
