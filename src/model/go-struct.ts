import { byBytes, goList, goObject, goString, goTime } from './go-json.js'

/** How Go writes one field of a struct; a field that may be omitted is when it holds its zero value. */
type FieldKind = 'string' | 'boolean' | 'number' | 'strings' | 'set' | 'labels' | 'time' | 'json' | 'config'
type Field = readonly [name: string, kind: FieldKind, omit?: 'omitempty']

/** container.Config of Docker 20.10 to 28, in declaration order. */
const CONTAINER_CONFIG: readonly Field[] = [
  ['Hostname', 'string'],
  ['Domainname', 'string'],
  ['User', 'string'],
  ['AttachStdin', 'boolean'],
  ['AttachStdout', 'boolean'],
  ['AttachStderr', 'boolean'],
  ['ExposedPorts', 'set', 'omitempty'],
  ['Tty', 'boolean'],
  ['OpenStdin', 'boolean'],
  ['StdinOnce', 'boolean'],
  ['Env', 'strings'],
  ['Cmd', 'strings'],
  ['Healthcheck', 'json', 'omitempty'],
  ['ArgsEscaped', 'boolean', 'omitempty'],
  ['Image', 'string'],
  ['Volumes', 'set'],
  ['WorkingDir', 'string'],
  ['Entrypoint', 'strings'],
  ['NetworkDisabled', 'boolean', 'omitempty'],
  ['MacAddress', 'string', 'omitempty'],
  ['OnBuild', 'strings'],
  ['Labels', 'labels'],
  ['StopSignal', 'string', 'omitempty'],
  ['StopTimeout', 'number', 'omitempty'],
  ['Shell', 'strings', 'omitempty'],
]

/** V1Image of Docker 20.10 to 28. */
const V1_IMAGE: readonly Field[] = [
  ['id', 'string', 'omitempty'],
  ['parent', 'string', 'omitempty'],
  ['comment', 'string', 'omitempty'],
  ['created', 'time'],
  ['container', 'string', 'omitempty'],
  ['container_config', 'config'],
  ['docker_version', 'string', 'omitempty'],
  ['author', 'string', 'omitempty'],
  ['config', 'config', 'omitempty'],
  ['architecture', 'string', 'omitempty'],
  ['variant', 'string', 'omitempty'],
  ['os', 'string', 'omitempty'],
  ['Size', 'number', 'omitempty'],
]

/** A container config as json.Marshal writes docker's struct: every field that is not given has its zero value. */
export function encodeContainerConfig(value: unknown): string {
  return encode(CONTAINER_CONFIG, value)
}

/** A v1 image as json.Marshal writes docker's struct; unknown keys are dropped. */
export function encodeV1Image(value: unknown): string {
  return encode(V1_IMAGE, value)
}

function encode(fields: readonly Field[], value: unknown): string {
  const given = foldedKeys(value)
  const members: [string, string][] = []
  for (const [name, kind, omit] of fields) {
    const item = given.get(name.toLowerCase())
    if (omit === undefined || !isZero(item)) members.push([name, encodeField(kind, item)])
  }
  return goObject(members)
}

function foldedKeys(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map()
  return new Map(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]))
}

function isZero(item: unknown): boolean {
  if (item === undefined || item === null || item === '' || item === 0 || item === false) return true
  return Array.isArray(item) && item.length === 0
}

function encodeField(kind: FieldKind, item: unknown): string {
  switch (kind) {
    case 'string':
      return goString(typeof item === 'string' ? item : '')
    case 'boolean':
      return String(item === true)
    case 'number':
      return String(typeof item === 'number' ? item : 0)
    case 'strings':
      return goList(Array.isArray(item) ? item.map(String) : undefined)
    case 'set':
      return sortedObject(item, () => '{}')
    case 'labels':
      return sortedObject(item, (label) => goString(String(label)))
    case 'time':
      return goString(goTime(typeof item === 'string' ? item : undefined))
    case 'json':
      return JSON.stringify(item)
    case 'config':
      return encodeContainerConfig(item)
  }
}

function sortedObject(item: unknown, encodeItem: (value: unknown) => string): string {
  if (typeof item !== 'object' || item === null) return 'null'
  const members = Object.entries(item).sort(([a], [b]) => byBytes(a, b))
  return goObject(members.map(([key, value]) => [key, encodeItem(value)]))
}
