import { anything, flag, listOf, mapOf, misfit, struct, text, texts, time, whole } from './go-types.js'
import { decodeWhole } from './go-syntax.js'

const health = struct('HealthConfig', {
  Test: listOf(text),
  Interval: whole,
  Timeout: whole,
  StartPeriod: whole,
  StartInterval: whole,
  Retries: whole,
})

const container = struct('Config', {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: mapOf(anything),
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: listOf(text),
  Cmd: texts,
  Healthcheck: health,
  ArgsEscaped: flag,
  Image: text,
  Volumes: mapOf(anything),
  WorkingDir: text,
  Entrypoint: texts,
  NetworkDisabled: flag,
  MacAddress: text,
  OnBuild: listOf(text),
  Labels: mapOf(text),
  StopSignal: text,
  StopTimeout: whole,
  Shell: texts,
})

const step = struct('History', { created: time, author: text, created_by: text, comment: text, empty_layer: flag })
const rootfs = struct('RootFS', { type: text, diff_ids: listOf(text, '[]layer.DiffID') })

/** moby's image.Image. */
const image = struct('Image', {
  id: text,
  parent: text,
  comment: text,
  created: time,
  container: text,
  container_config: container,
  docker_version: text,
  author: text,
  config: container,
  architecture: text,
  variant: text,
  os: text,
  Size: whole,
  rootfs,
  history: listOf(step),
  'os.version': text,
  'os.features': listOf(text),
})

/** The platform that containerd reads of a config, before anything else. */
const platform = struct('Image', {
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': listOf(text),
  variant: text,
})

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

/** Reads a config as docker does (all of image.Image), or as containerd does at first (its platform). */
export function readConfig(bytes: Uint8Array, as: 'image' | 'platform'): ReadConfig {
  const decoded = decodeWhole(bytes)
  if ('fault' in decoded) return decoded
  const fault = misfit(decoded.value, as === 'image' ? image : platform)
  if (fault !== undefined) return { fault }
  const root = valueOf(decoded.value, 'rootfs')
  const history = listFrom(valueOf(decoded.value, 'history'))
  return {
    config: {
      os: textFrom(valueOf(decoded.value, 'os')),
      architecture: textFrom(valueOf(decoded.value, 'architecture')),
      variant: textFrom(valueOf(decoded.value, 'variant')),
      diffIDs: isObject(root) ? listFrom(valueOf(root, 'diff_ids')).map(textFrom) : undefined,
      rootfsType: textFrom(valueOf(root, 'type')),
      history,
      claimed: history.filter((one) => valueOf(one, 'empty_layer') !== true).length,
    },
  }
}

/** The value of a key as Go finds it: whatever its case, the last one counts. */
export function valueOf(object: unknown, key: string): unknown {
  if (!isObject(object)) return undefined
  const name = key.toLowerCase()
  // Without a list of pairs, and by the length first: a hostile config has keys by the hundred thousand.
  const isMeant = (own: string) => own.length === name.length && own.toLowerCase() === name && object[own] !== null
  const own = Object.keys(object).findLast(isMeant)
  return own === undefined ? undefined : object[own]
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list, where null and absence are the empty one. */
export function listFrom(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text, where null and absence are the empty one. */
export function textFrom(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
