import { UsageError } from './usage-error.js'

/** One option of a command: how help and completion show it, and how its text is read. */
export interface Option<Value> {
  readonly summary: string
  readonly alias?: string
  /** `flag` takes no value; `value` takes one, and may be given once; `values` may be given again and again. */
  readonly kind: 'flag' | 'value' | 'values'
  /** What stands for the value in help and completion. */
  readonly placeholder?: string
  readonly choices?: readonly string[]
  /** Reads what was given, undefined where nothing was. Errors: UsageError. */
  parse(given: string | boolean | undefined, name: string, all: readonly string[]): Value
}

/** Options by their long names, without dashes. */
export type Options = Readonly<Record<string, Option<unknown>>>

/** What options read as. */
export type ValuesOf<Given extends Options> = {
  readonly [Name in keyof Given]: Given[Name] extends Option<infer Value> ? Value : never
}

/** What was given on the command line, by name; unchecked. */
export type Given = Readonly<Record<string, unknown>>

/** Stands for `-`, and before `:REF`, while yargs reads the command line, which would make it an empty text. */
export const STDIO = 'stdio:'

/** Reads the given text of each option. Errors: UsageError. */
export function readOptions<Own extends Options>(options: Own, given: Given): ValuesOf<Own> {
  const values = Object.entries(options).map(([name, option]) => {
    const all = textsOf(given[name])
    const one = option.kind === 'values' ? all[0] : single(given[name], name)
    return [name, option.parse(one, name, all)]
  })
  // Each key holds what the option of that key read, which is what ValuesOf says.
  return Object.fromEntries(values) as ValuesOf<Own>
}

/** The texts given for an operand. */
export function textsOf(given: unknown): string[] {
  const all: unknown[] = Array.isArray(given) ? given : [given]
  return all.filter((text) => typeof text === 'string').map(restored)
}

function single(given: unknown, name: string): string | boolean | undefined {
  if (Array.isArray(given)) throw new UsageError(`--${name} is given more than once`)
  if (typeof given === 'boolean') return given
  return typeof given === 'string' ? restored(given) : undefined
}

function restored(text: string): string {
  return text === STDIO || text.startsWith(`${STDIO}:`) ? `-${text.slice(STDIO.length)}` : text
}

/** An option that is there or not. */
export function flag(summary: string, alias?: string): Option<boolean> {
  return { summary, kind: 'flag', ...(alias !== undefined && { alias }), parse: (given) => given === true }
}

/** An option with one of some values. */
export function choice<const Choice extends string>(
  summary: string,
  choices: readonly Choice[],
  fallback: Choice,
): Option<Choice> {
  const parse = (given: string | boolean | undefined, name: string): Choice => {
    if (given === undefined) return fallback
    const found = choices.find((one) => one === given)
    if (found === undefined) throw new UsageError(`--${name} is one of ${choices.join(', ')}, not '${String(given)}'`)
    return found
  }
  return { summary, kind: 'value', choices, placeholder: choices.join('|'), parse }
}

/** The same option, undefined where it is not given. */
export function maybe<Value>(option: Option<Value>): Option<Value | undefined> {
  return {
    ...option,
    parse: (given, name, all) => (given === undefined ? undefined : option.parse(given, name, all)),
  }
}

/** An option with a text, read by `read` where it is given. */
export function value<Value>(
  summary: string,
  placeholder: string,
  read: (text: string, name: string) => Value,
  alias?: string,
): Option<Value | undefined> {
  const parse = (given: string | boolean | undefined, name: string): Value | undefined => {
    if (given === undefined) return undefined
    if (typeof given === 'boolean' || given === '') throw new UsageError(`--${name} wants a value: ${placeholder}`)
    return read(given, name)
  }
  return { summary, kind: 'value', placeholder, parse, ...(alias !== undefined && { alias }) }
}

/** An option that must be given, with a text read by `read`. */
export function required<Value>(
  summary: string,
  placeholder: string,
  read: (text: string, name: string) => Value,
  alias?: string,
): Option<Value> {
  const optional = value(summary, placeholder, read, alias)
  const parse = (given: string | boolean | undefined, name: string, all: readonly string[]): Value => {
    const found = optional.parse(given, name, all)
    if (found === undefined) throw new UsageError(`--${name} is missing: ${placeholder}`)
    return found
  }
  return { ...optional, parse }
}

/** An option that may be given several times, each text read by `read`. */
export function values<Value>(
  summary: string,
  placeholder: string,
  read: (text: string, name: string) => Value,
  alias?: string,
): Option<readonly Value[]> {
  const parse = (_: string | boolean | undefined, name: string, all: readonly string[]): readonly Value[] =>
    all.map((text) => read(text, name))
  return { summary, kind: 'values', placeholder, parse, ...(alias !== undefined && { alias }) }
}

/** Reads a text as it is. */
export const asIs = (text: string): string => text

/** Reads a whole number of at least `least`, and at most `most` where there is one. Errors: UsageError. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string, name: string) => number {
  return (text, name) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(number) || number < least || number > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
      throw new UsageError(`--${name} wants a whole number ${range}, not '${text}'`)
    }
    return number
  }
}

// Decimal as SI has them, binary as IEC; `k` alone means 1024, as dd and docker -m read it.
const FACTORS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't'].flatMap((letter, index): [string, number][] => [
    [letter, 1024 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
    [`${letter}b`, 1000 ** (index + 1)],
  ]),
])

/** Reads bytes as `8MiB`, `8M`, `8MB`, `8388608`. Errors: UsageError. */
export function byteCount(text: string, name: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? []
  const bytes = Math.floor(Number(digits) * (FACTORS.get((unit ?? '').toLowerCase()) ?? Number.NaN))
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new UsageError(`--${name} wants a size as 8MiB or 8388608, not '${text}'`)
  }
  return bytes
}
