import { ArchiveError } from '../errors.js'
import { containerConfig } from '../model/config.js'
import type { ChangedConfig } from './dockerfile/changes.js'

/** What an export lost and an older image or `docker inspect` still knows. */
export interface ConfigBefore {
  /** All fields of the container config as docker's JSON has them. */
  readonly config: ChangedConfig
  readonly architecture?: string
  readonly variant?: string
  readonly os?: string
}

// What belonged to one container: its next image has nothing of it.
const OF_A_CONTAINER = new Set(
  // prettier-ignore
  ['Hostname', 'Domainname', 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty', 'OpenStdin', 'StdinOnce', 'Image', 'MacAddress', 'NetworkDisabled'],
)

/** The config of an image's config document. Errors: ERR_DOCUMENT. */
export function configBefore(document: unknown, location: string): ConfigBefore {
  return fromFields(record(document), 'config', location)
}

/** The config of the first thing in the output of `docker inspect`. Errors: ERR_DOCUMENT. */
export function configInspected(document: unknown, location: string): ConfigBefore {
  const first: unknown = Array.isArray(document) ? document[0] : document
  const fields = record(first)
  const lower = { ...fields, architecture: fields.Architecture, variant: fields.Variant, os: fields.Os }
  return fromFields(lower, 'Config', location)
}

function fromFields(fields: Record<string, unknown>, key: string, location: string): ConfigBefore {
  const given = fields[key]
  if (given === undefined) {
    throw new ArchiveError('ERR_DOCUMENT', `there is no ${key} in it`, {
      location,
      hint: 'give an image archive, or the output of docker inspect',
    })
  }
  const { architecture, variant, os } = fields
  return {
    config: changeable(given, location),
    ...(typeof architecture === 'string' && architecture !== '' && { architecture }),
    ...(typeof variant === 'string' && variant !== '' && { variant }),
    ...(typeof os === 'string' && os !== '' && { os }),
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function changeable(given: unknown, location: string): ChangedConfig {
  const result = containerConfig.safeParse(given ?? {})
  if (!result.success) throw new ArchiveError('ERR_DOCUMENT', 'its container config cannot be read', { location })
  const { ExposedPorts, Volumes, Labels } = result.data
  // Fields that no change touches stay as they are.
  const kept = Object.entries(record(given)).filter(([key, value]) => !OF_A_CONTAINER.has(key) && value !== null)
  return {
    ...Object.fromEntries(kept),
    ...(ExposedPorts !== undefined && { ExposedPorts: emptyObjects(ExposedPorts) }),
    ...(Volumes !== undefined && { Volumes: emptyObjects(Volumes) }),
    ...(Labels !== undefined && { Labels: Object.fromEntries(Labels) }),
  }
}

function emptyObjects(names: ReadonlyMap<string, unknown>): Record<string, object> {
  return Object.fromEntries([...names.keys()].map((name) => [name, {}]))
}
