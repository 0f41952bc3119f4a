import { changeError } from './error.js'
import type { InstructionLine } from './lines.js'
import { duration } from './values.js'
import { jsonArray } from './words.js'

/** Healthcheck of a container config, keys in docker's order, zero values left out. */
export type Healthcheck = Readonly<Record<string, number | readonly string[]>>

const DURATIONS: ReadonlyMap<string, string> = new Map([
  ['interval', 'Interval'],
  ['timeout', 'Timeout'],
  ['start-period', 'StartPeriod'],
  ['start-interval', 'StartInterval'],
])
const LEAST = 1e6 // a millisecond

/** What HEALTHCHECK says. Errors: ERR_USAGE. */
export function healthcheckOf(instruction: InstructionLine): Healthcheck {
  const { rest, line } = instruction
  const [, kind = '', command = ''] = /^(\S*)\s*(.*)$/s.exec(rest) ?? []
  if (kind === '') throw changeError('HEALTHCHECK requires at least one argument', line)
  const options = optionsOf(instruction)
  switch (kind.toUpperCase()) {
    case 'NONE':
      if (command !== '') throw changeError('HEALTHCHECK NONE takes no arguments', line)
      return { Test: ['NONE'] }
    case 'CMD':
      return { Test: testOf(command, line), ...options }
    default:
      throw changeError(`Unknown type ${JSON.stringify(kind.toUpperCase())} in HEALTHCHECK (try CMD)`, line)
  }
}

function testOf(command: string, line: number): readonly string[] {
  const words = jsonArray(command, line)
  if (command === '' || words?.length === 0) throw changeError('Missing command after HEALTHCHECK CMD', line)
  return words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words]
}

function optionsOf({ flags, line }: InstructionLine): Healthcheck {
  const given = new Map<string, number>()
  const used = new Set<string>()
  for (const flag of flags) {
    const [, name = '', text] = /^--([^=]*)(?:=(.*))?$/s.exec(flag) ?? []
    const field = DURATIONS.get(name)
    if (field === undefined && name !== 'retries') throw changeError(`unknown flag: --${name}`, line)
    if (used.has(name)) throw changeError(`duplicate flag specified: --${name}`, line)
    used.add(name)
    if (text === undefined) throw changeError(`missing a value on flag: --${name}`, line)
    if (field !== undefined) given.set(field, interval(name, text, line))
    else if (text !== '') given.set('Retries', retries(text, line))
  }
  const order = [...DURATIONS.values(), 'Retries']
  return Object.fromEntries(
    order.flatMap((field) => {
      const amount = given.get(field)
      return amount === undefined || amount === 0 ? [] : [[field, amount]]
    }),
  )
}

function interval(name: string, text: string, line: number): number {
  if (text === '') return 0
  const amount = duration(text, line)
  if (amount !== 0 && amount < LEAST)
    throw changeError(`Interval ${JSON.stringify(name)} cannot be less than 1ms`, line)
  return amount
}

function retries(text: string, line: number): number {
  const amount = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(amount)) throw changeError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`, line)
  if (amount < 0) throw changeError(`--retries cannot be negative (${String(amount)})`, line)
  return amount
}
