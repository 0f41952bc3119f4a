import type { RunContext } from '../context.js'
import type { Report } from '../model/report.js'
import { readOptions, textsOf } from './arguments.js'
import type { Given, Options, ValuesOf } from './arguments.js'
import type { GlobalValues } from './options.js'
import type { Outlets } from './tell.js'
import { UsageError } from './usage-error.js'

/** An operand: `one` must be given, `optional` may be, `many` stands for one or more, `any` for as many as there are. */
export interface Positional {
  readonly kind: 'one' | 'optional' | 'many' | 'any'
  readonly summary: string
  readonly choices?: readonly string[]
}

/** Operands by name, in their order. */
export type Positionals = Readonly<Record<string, Positional>>

/** What operands read as. */
export type OperandsOf<Given extends Positionals> = {
  readonly [Name in keyof Given]: Given[Name]['kind'] extends 'many' | 'any'
    ? readonly string[]
    : Given[Name]['kind'] extends 'optional'
      ? string | undefined
      : string
}

/** A line to type, and what it does; for the help. */
export type Example = readonly [line: string, meaning: string]

/** What a command is given. */
export interface Invocation<Operands extends Positionals, Own extends Options> extends Outlets {
  readonly operands: OperandsOf<Operands>
  readonly options: ValuesOf<Own>
  readonly globals: GlobalValues
  readonly context: RunContext
}

/** What a command answers: a report for the presenters, or text that is no report (a completion script). */
export type Answer = Report | string

/** One command: a file in commands/ and a line in commands/index.ts. Its run loads the operation; help must not. */
export interface CommandSpec<Operands extends Positionals, Own extends Options> {
  readonly name: string
  readonly summary: string
  readonly examples: readonly Example[]
  readonly positionals: Operands
  readonly options: Own
  run(invocation: Invocation<Operands, Own>): Promise<Answer>
}

/** A command whose argument types are settled. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly examples: readonly Example[]
  readonly positionals: Positionals
  readonly options: Options
  /** Reads its arguments; running comes later, so that every usage error comes before any work. Errors: UsageError. */
  prepare(given: Given, globals: GlobalValues): Prepared
}

/** A command with its arguments. */
export type Prepared = (context: RunContext, outlets: Outlets) => Promise<Answer>

/** A command of a spec whose operands and options give the types of what `run` receives. */
export function defineCommand<const Operands extends Positionals, const Own extends Options>(
  spec: CommandSpec<Operands, Own>,
): Command {
  return {
    ...spec,
    prepare(given, globals) {
      const options = readOptions(spec.options, given)
      const operands = readOperands(spec.positionals, given)
      return (context, outlets) => spec.run({ operands, options, globals, context, ...outlets })
    },
  }
}

function readOperands<Operands extends Positionals>(positionals: Operands, given: Given): OperandsOf<Operands> {
  const values = Object.entries(positionals).map(([name, { kind, choices }]) => {
    const texts = textsOf(given[name])
    if (texts.length === 0 && (kind === 'one' || kind === 'many'))
      throw new UsageError(`${name.toUpperCase()} is missing`)
    const odd = texts.find((text) => choices?.includes(text) === false)
    if (odd !== undefined)
      throw new UsageError(`${name.toUpperCase()} is one of ${choices?.join(', ') ?? ''}, not '${odd}'`)
    return [name, kind === 'many' || kind === 'any' ? texts : texts[0]]
  })
  // None that must be given is missing; kinds decide text or list, as OperandsOf does.
  return Object.fromEntries(values) as OperandsOf<Operands>
}
