import yargs from 'yargs'
import type { Argv, Options as YargsOptions, PositionalOptions } from 'yargs'
import { readOptions, textsOf } from './arguments.js'
import type { Given, Option, Options } from './arguments.js'
import type { Command, Positional, Prepared } from './command.js'
import { GLOBAL_OPTIONS } from './options.js'
import type { GlobalValues } from './options.js'
import { reportOption, reportTargets, type ReportTarget } from './report-targets.js'
import { unknownWord } from './unknown-word.js'
import { UsageError } from './usage-error.js'

/** A command with its arguments, and what all commands take. */
export interface Request {
  readonly run: Prepared
  readonly globals: GlobalValues
  /** Whether whole digests and lines are wanted (`--no-trunc`). */
  readonly full: boolean
  /** What the command is about, as it was typed. */
  readonly operands: readonly string[]
  /** What is printed where, at least one of them on standard output. */
  readonly reports: readonly ReportTarget[]
}

/** Reads words that are readable by yargs. Errors: UsageError, before any work is done. */
export async function parse(words: readonly string[], commands: readonly Command[]): Promise<Request> {
  let chosen: { readonly command: Command; readonly given: Given } | undefined
  const parser = commands.reduce(
    (soFar, command) => withCommand(soFar, command, (given) => (chosen = { command, given })),
    base((message) => explained(message, words, commands)),
  )
  await parser.parseAsync([...words])
  // Undefined as well after the handler ran, as far as the compiler can see.
  return requestOf(chosen)
}

function requestOf(chosen: { readonly command: Command; readonly given: Given } | undefined): Request {
  if (chosen === undefined) throw new UsageError('name a command')
  const globals = readOptions(GLOBAL_OPTIONS, chosen.given)
  const { report } = readOptions({ report: reportOption() }, chosen.given)
  return {
    run: chosen.command.prepare(chosen.given, globals),
    globals,
    full: chosen.given['no-trunc'] === true,
    operands: operandsOf(chosen),
    reports: reportTargets(report, globals.json),
  }
}

function operandsOf({ command, given }: { readonly command: Command; readonly given: Given }): readonly string[] {
  return Object.keys(command.positionals).flatMap((name) => textsOf(given[name]))
}

function base(explain: (message: string) => string): Argv {
  return yargs([])
    .scriptName('imgtar')
    .locale('en')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .options(yargsOptions(GLOBAL_OPTIONS))
    .help(false)
    .version(false)
    .demandCommand(1, 'name a command')
    .strict()
    .exitProcess(false)
    .fail((message, error) => refuse(message, error, explain))
}

// yargs would run the command although its arguments are wrong, unless this throws.
function refuse(message: string | null, error: Error | undefined, explain: (message: string) => string): never {
  const said = message ?? error?.message ?? 'the command line cannot be read'
  throw error === undefined || error.name === 'YError' ? new UsageError(explain(said.replace(/\s+/g, ' '))) : error
}

// What yargs says of the first word that it does not know, in words that say what kind of word it is.
function explained(message: string, words: readonly string[], commands: readonly Command[]): string {
  const [, name] = /^Unknown arguments?: (.+?)(?:, .*)?$/.exec(message) ?? []
  if (name !== undefined) return unknownWord(name, words, commands)
  const [, option] = /^Not enough arguments following: (.+)$/.exec(message) ?? []
  return option === undefined ? message : withoutValue(option)
}

// A word that begins with a dash is an option to yargs, wherever it stands.
function withoutValue(option: string): string {
  const [written, joined] =
    option.length === 1 ? [`-${option}`, `-${option}VALUE`] : [`--${option}`, `--${option}=VALUE`]
  return `${written} wants a value; one that begins with a dash is joined to it: ${joined}`
}

// yargs lays out its help before a command runs, which takes longer than all the parsing; ours is in help.ts, so that
// its own has nothing in it.
const HIDDEN = false

function withCommand(parser: Argv, command: Command, chosen: (given: Given) => void): Argv {
  const build = (inner: Argv): Argv =>
    Object.entries(command.positionals)
      .reduce((soFar, [name, positional]) => soFar.positional(name, yargsPositional(positional)), inner)
      .options(yargsOptions(command.options))
  return parser.command(usageOf(command), HIDDEN, build, chosen)
}

// Every operand is optional for yargs: it would report a missing one where the fault is an unknown option before it.
function usageOf(command: Command): string {
  const operands = Object.entries(command.positionals).map(([name, { kind }]) =>
    kind === 'many' || kind === 'any' ? `[${name}..]` : `[${name}]`,
  )
  return [command.name, ...operands].join(' ')
}

function yargsPositional({ kind }: Positional): PositionalOptions {
  return { type: 'string', array: kind === 'many' || kind === 'any' }
}

function yargsOptions(options: Options): Record<string, YargsOptions> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, yargsOption(option)]))
}

function yargsOption({ alias, kind }: Option<unknown>): YargsOptions {
  const shared: YargsOptions = { hidden: true, ...(alias !== undefined && { alias }) }
  return kind === 'flag' ? { ...shared, type: 'boolean' } : { ...shared, type: 'string', requiresArg: true }
}
