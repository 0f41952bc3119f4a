import { documentText, type RawJson } from '../../model/json.js'
import type { ImageConfig } from '../../model/config.js'
import type { Ignored, Tolerances } from '../tolerances.js'

/** A field of the config that differs; undefined became null. */
export interface ConfigChange {
  /** As `architecture`, `config.Env.PATH`, `config.Labels.version`. */
  readonly field: string
  readonly a: unknown
  readonly b: unknown
}

/** The fields in which two configs differ, sorted; history and layers are compared on their own. */
export function diffConfigs(
  a: RawJson<ImageConfig>,
  b: RawJson<ImageConfig>,
  tolerances: Tolerances,
  ignored: Ignored,
): ConfigChange[] {
  const [own, other] = [fieldsOf(a), fieldsOf(b)]
  const names = [...new Set([...own.keys(), ...other.keys()])].sort()
  return names.flatMap((field) => {
    const [one, two] = [own.get(field) ?? null, other.get(field) ?? null]
    if (JSON.stringify(one) === JSON.stringify(two)) return []
    if (tolerances.imageTimestamps === true && field === 'created') {
      ignored.add('--ignore-timestamps', 'config fields')
      return []
    }
    return [{ field, a: one, b: two }]
  })
}

type Fields = Map<string, unknown>

function fieldsOf(config: RawJson<ImageConfig>): Fields {
  const document: unknown = JSON.parse(documentText(config))
  const fields: Fields = new Map()
  if (!isRecord(document)) return fields
  for (const [key, value] of Object.entries(document)) {
    if (key === 'history') continue
    if (key === 'config' || key === 'container_config') addContainer(fields, key, value)
    else if (key === 'rootfs' && isRecord(value)) addValue(fields, 'rootfs.type', value.type)
    else addValue(fields, key, value)
  }
  return fields
}

function addContainer(fields: Fields, prefix: string, value: unknown): void {
  if (!isRecord(value)) return
  for (const [key, inner] of Object.entries(value)) {
    const name = `${prefix}.${key}`
    if (key === 'Env' && Array.isArray(inner)) addEnvironment(fields, name, inner)
    else if (isRecord(inner)) for (const [own, one] of Object.entries(inner)) addMember(fields, `${name}.${own}`, one)
    else addValue(fields, name, inner)
  }
}

function addEnvironment(fields: Fields, name: string, entries: readonly unknown[]): void {
  for (const entry of entries) {
    if (typeof entry !== 'string') continue
    const at = entry.indexOf('=')
    const key = `${name}.${at < 0 ? entry : entry.slice(0, at)}`
    // The last one of a name wins in a container, and all of them are in the config.
    const value = at < 0 ? '' : entry.slice(at + 1)
    const before = fields.get(key)
    fields.set(key, before === undefined ? value : `${JSON.stringify(before)}, then ${JSON.stringify(value)}`)
  }
}

/** Members of a set (ports, volumes) have an empty object for a value, and are there all the same; so is an empty label. */
function addMember(fields: Fields, name: string, value: unknown): void {
  fields.set(name, isRecord(value) && Object.keys(value).length === 0 ? true : value)
}

// Go leaves out what is empty, or writes it as null, and reads all of these as the same.
function addValue(fields: Fields, name: string, value: unknown): void {
  if (value === null || value === undefined || value === '' || value === false || value === 0) return
  if (Array.isArray(value) && value.length === 0) return
  if (isRecord(value) && Object.keys(value).length === 0) return
  fields.set(name, isRecord(value) ? sorted(value) : value)
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
