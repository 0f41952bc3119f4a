import { anything, flag, listOf, mapOf, misfit, struct, text, texts, time, whole, type GoType } from './go-types.js'
import { decodeWhole } from './go-syntax.js'

const health = struct('HealthConfig', {
  Test: listOf(text),
  Interval: whole,
  Timeout: whole,
  StartPeriod: whole,
  StartInterval: whole,
  Retries: whole,
})

const empty = struct('struct {}', {})

/** What a container of an image runs with; `list` is what a command is read into. */
const runConfig = (list: GoType) => ({
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: mapOf(empty),
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: listOf(text),
  Cmd: list,
  Healthcheck: health,
  ArgsEscaped: flag,
  Image: text,
  Volumes: mapOf(empty),
  WorkingDir: text,
  Entrypoint: list,
  NetworkDisabled: flag,
  MacAddress: text,
  OnBuild: listOf(text),
  Labels: mapOf(text),
  StopSignal: text,
  Shell: list,
})

const container = struct('Config', { ...runConfig(texts), StopTimeout: whole })
const step = struct('History', { created: time, author: text, created_by: text, comment: text, empty_layer: flag })
const rootfs = struct('RootFS', { type: text, diff_ids: listOf(text, '[]layer.DiffID') })
const platformFields = {
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': listOf(text),
  variant: text,
}

const image = (config: GoType) => ({
  ...platformFields,
  created: time,
  author: text,
  config,
  rootfs,
  history: listOf(step),
})

/** What a loader reads a config into. */
const IMAGE_TYPES = {
  /** moby's image.Image, and that of containers/image. */
  docker: struct('Image', {
    ...image(container),
    id: text,
    parent: text,
    comment: text,
    container: text,
    container_config: container,
    docker_version: text,
    Size: whole,
  }),
  /** The image of the OCI spec with what docker runs: containerd's store, and umoci. */
  oci: struct('Image', image(struct('ImageConfig', { ...runConfig(listOf(text)), MacAddress: anything }))),
  /** v1.ConfigFile of go-containerregistry. */
  crane: struct('ConfigFile', {
    ...image(struct('Config', runConfig(listOf(text)))),
    container: text,
    docker_version: text,
  }),
  /** What containerd reads of a config before anything else. */
  platform: struct('Image', platformFields),
} as const

/** What a config is read into. */
export type ConfigType = keyof typeof IMAGE_TYPES

/** What loaders take from a config. */
export interface LoaderConfig {
  readonly os: string
  readonly architecture: string
  readonly variant: string
  /** Undefined where the config has no rootfs, which is not the same as no diffIDs. */
  readonly diffIDs: readonly string[] | undefined
  readonly rootfsType: string
  /** Steps of the history, as they stand there. */
  readonly history: readonly unknown[]
  /** Steps that say they made a layer. */
  readonly claimed: number
}

/** What a config says, or why a Go program cannot read it. */
export type ReadConfig = { readonly config: LoaderConfig } | { readonly fault: string }

/** Reads a config as a loader does: what is no part of its type is ignored. */
export function readConfig(bytes: Uint8Array, as: ConfigType, decode = decodeWhole): ReadConfig {
  const decoded = decode(bytes)
  if ('fault' in decoded) return decoded
  const fault = misfit(decoded.value, IMAGE_TYPES[as])
  if (fault !== undefined) return { fault }
  const root = valueOf(decoded.value, 'rootfs')
  const history = listAt(decoded.value, 'history')
  return {
    config: {
      os: textFrom(valueOf(decoded.value, 'os')),
      architecture: textFrom(valueOf(decoded.value, 'architecture')),
      variant: textFrom(valueOf(decoded.value, 'variant')),
      diffIDs: isObject(root) ? listAt(root, 'diff_ids').map(textFrom) : undefined,
      rootfsType: textFrom(valueOf(root, 'type')),
      history,
      claimed: history.filter((one) => valueOf(one, 'empty_layer') !== true).length,
    },
  }
}

/** The value of a key as Go finds it: whatever its case, the last one counts. */
export function valueOf(object: unknown, key: string): unknown {
  return lastOf(object, key, (value) => value !== null)
}

function lastOf(object: unknown, key: string, counts: (value: unknown) => boolean): unknown {
  if (!isObject(object)) return undefined
  const name = key.toLowerCase()
  // Without a list of pairs, and by the length first: a hostile config has keys by the hundred thousand.
  const isMeant = (own: string) => own.length === name.length && own.toLowerCase() === name && counts(object[own])
  const own = Object.keys(object).findLast(isMeant)
  return own === undefined ? undefined : object[own]
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The list of a key as Go finds it: unlike a text it is emptied by a null. */
export function listAt(object: unknown, key: string): readonly unknown[] {
  return listFrom(lastOf(object, key, () => true))
}

/** A list, where null and absence are the empty one. */
export function listFrom(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text, where null and absence are the empty one. */
export function textFrom(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
