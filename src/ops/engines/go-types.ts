import { decodeBase64 } from '../../bytes/base64.js'
import { isTime } from '../../model/config.js'

/** A Go type as encoding/json meets it: what fits, and how an error calls it. */
export type GoType =
  | { readonly kind: 'text' | 'whole' | 'flag' | 'time' | 'bytes' | 'any'; readonly name: string }
  | { readonly kind: 'list' | 'map'; readonly of: GoType; readonly name: string }
  /** docker's strslice: a text stands for a list of one. */
  | { readonly kind: 'texts'; readonly name: string }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, GoField>; readonly name: string }

/** A field of a struct, which is found by its name in lower case. */
interface GoField {
  readonly name: string
  readonly type: GoType
}

export const text: GoType = { kind: 'text', name: 'string' }
export const whole: GoType = { kind: 'whole', name: 'int64' }
export const flag: GoType = { kind: 'flag', name: 'bool' }
export const time: GoType = { kind: 'time', name: 'time.Time' }
/** A Go slice of bytes, which JSON has in base64. */
export const bytes: GoType = { kind: 'bytes', name: '[]uint8' }
export const anything: GoType = { kind: 'any', name: 'interface {}' }
export const texts: GoType = { kind: 'texts', name: 'strslice.StrSlice' }

/** A Go slice. */
export const listOf = (of: GoType, name = `[]${of.name}`): GoType => ({ kind: 'list', of, name })
/** A Go map with text keys. */
export const mapOf = (of: GoType): GoType => ({ kind: 'map', of, name: `map[string]${of.name}` })
/** A Go struct: keys match whatever their case, others are ignored. */
export const struct = (name: string, fields: Readonly<Record<string, GoType>>): GoType => ({
  kind: 'struct',
  name,
  fields: new Map(Object.entries(fields).map(([key, type]) => [key.toLowerCase(), { name: key, type }])),
})

/**
 * What encoding/json would say when it put a parsed value into a Go variable of that type, undefined where it fits:
 * the first thing that does not fit, as Go goes on and remembers only that. null fits everything.
 */
export function misfit(value: unknown, type: GoType, field = ''): string | undefined {
  if (value === null || value === undefined || type.kind === 'any') return undefined
  if (type.kind === 'time') return timeFault(value)
  if (!takes(value, type)) {
    const where = field === '' ? 'value' : `struct field ${field}`
    return `json: cannot unmarshal ${nameOf(value)} into Go ${where} of type ${type.name}`
  }
  if (type.kind === 'bytes' && typeof value === 'string' && decodeBase64(value) === undefined)
    return 'illegal base64 data'
  for (const [inner, innerType, innerField] of partsOf(value, type, field)) {
    const fault = misfit(inner, innerType, innerField)
    if (fault !== undefined) return fault
  }
  return undefined
}

function takes(value: unknown, type: GoType): boolean {
  switch (type.kind) {
    case 'text':
    case 'bytes':
      return typeof value === 'string'
    case 'whole':
      return typeof value === 'number' && Number.isInteger(value)
    case 'flag':
      return typeof value === 'boolean'
    case 'texts':
      return (
        typeof value === 'string' ||
        (Array.isArray(value) && value.every((one) => one === null || typeof one === 'string'))
      )
    case 'list':
      return Array.isArray(value)
    case 'map':
    case 'struct':
      return typeof value === 'object' && !Array.isArray(value)
    case 'time':
    case 'any':
      return true
  }
}

function partsOf(value: unknown, type: GoType, field: string): readonly (readonly [unknown, GoType, string])[] {
  if (type.kind === 'list' && Array.isArray(value)) return value.map((one: unknown) => [one, type.of, field] as const)
  if (typeof value !== 'object' || value === null) return []
  if (type.kind === 'map') return Object.values(value).map((one: unknown) => [one, type.of, field] as const)
  if (type.kind !== 'struct') return []
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) => {
    const inner = type.fields.get(key.toLowerCase())
    if (inner === undefined) return []
    return [[one, inner.type, `${field === '' ? type.name : field}.${inner.name}`] as const]
  })
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function timeFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'Time.UnmarshalJSON: input is not a JSON string'
  if (isTime(value)) return undefined
  const [layout, shown] = ['2006-01-02T15:04:05Z07:00', JSON.stringify(value)]
  return `parsing time ${shown} as "${layout}": cannot parse ${shown} as "2006"`
}
