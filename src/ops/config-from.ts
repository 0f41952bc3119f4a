import { ArchiveError } from '../errors.js'
import { containerConfig } from '../model/config.js'
import { membersOf } from '../model/json.js'
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

// What podman says of a container beside them.
const OF_A_PODMAN_CONTAINER = new Set(
  // prettier-ignore
  ['Annotations', 'HealthcheckOnFailureAction', 'HealthLogDestination', 'HealthcheckMaxLogCount', 'HealthcheckMaxLogSize', 'StartupHealthcheck', 'CreateCommand', 'Umask', 'Secrets', 'Timeout', 'StopTimeout', 'Passwd', 'ChrootDirs', 'SystemdMode', 'sdNotifyMode', 'sdNotifySocket', 'V4PodmanCompatMarshal'],
)

/** The config of an image's config document. Errors: ERR_DOCUMENT. */
export function configBefore(document: unknown, location: string): ConfigBefore {
  return fromFields(membersOf(document), 'config', location)
}

/**
 * The config in what inspects an image or container: `docker inspect`, `podman inspect`, `skopeo inspect --config`. Errors:
 * ERR_DOCUMENT, ERR_REFERENCE where it tells of several.
 */
export function configInspected(document: unknown, location: string): ConfigBefore {
  const all: readonly unknown[] = Array.isArray(document) ? document : [document]
  if (all.length > 1) {
    throw new ArchiveError('ERR_REFERENCE', `it tells of ${all.length} images or containers`, {
      location,
      hint: 'docker inspect one of them',
    })
  }
  const fields = membersOf(all[0])
  // An OCI image config is what `config` and `rootfs` in lower case are in.
  if (fields.Config === undefined && 'rootfs' in fields) return configBefore({ config: {}, ...fields }, location)
  const { Architecture: architecture, Variant: variant, Os: os } = fields
  return fromFields({ ...fields, Config: inspected(fields), architecture, variant, os }, 'Config', location)
}

/** The container config of what is inspected: podman tells the healthcheck of an image beside it. */
function inspected({ Config, Healthcheck }: Record<string, unknown>): unknown {
  if (Config === undefined || Config === null) return Config
  const config = { ...(Healthcheck !== undefined && { Healthcheck }), ...membersOf(Config) }
  if (!('sdNotifyMode' in config)) return config
  const kept = Object.fromEntries(Object.entries(config).filter(([key]) => !OF_A_PODMAN_CONTAINER.has(key)))
  const { Env: env } = kept
  return Array.isArray(env) ? { ...kept, Env: env.filter((pair) => pair !== 'container=podman') } : kept
}

function fromFields(fields: Record<string, unknown>, key: string, location: string): ConfigBefore {
  const given = fields[key]
  if (given === undefined) {
    throw new ArchiveError('ERR_DOCUMENT', `there is no ${key} in it`, {
      location,
      hint: 'give an image archive, or what docker inspect, podman inspect or skopeo inspect --config say',
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

function changeable(given: unknown, location: string): ChangedConfig {
  const result = containerConfig.safeParse(given ?? {})
  if (!result.success) throw new ArchiveError('ERR_DOCUMENT', 'its container config cannot be read', { location })
  const { ExposedPorts, Volumes, Labels } = result.data
  // Fields that no change touches stay as they are.
  const kept = Object.entries(membersOf(given)).filter(([key, value]) => !OF_A_CONTAINER.has(key) && value !== null)
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
