import yargs from 'yargs'
import type { Argv, Options as YargsOptions, PositionalOptions } from 'yargs'
import { readOptions } from './arguments.js'
import type { Given, Option, Options } from './arguments.js'
import type { Command, Positional, Prepared } from './command.js'
import { readableByYargs } from './operands.js'
import { GLOBAL_OPTIONS } from './options.js'
import type { GlobalValues } from './options.js'
import { UsageError } from './usage-error.js'

/** What the command line asks for: text to print (help, version), or a command with its arguments. */
export type Request =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'run'; readonly run: Prepared; readonly globals: GlobalValues; readonly full: boolean }

/** What a reading of the command line needs to know of its surroundings. */
export interface ParseSettings {
  readonly version: string
  /** Columns that help may take. */
  readonly width: number
}

const OUTLINE = `Usage: $0 COMMAND ARCHIVE...

Opens every container-image tarball and proves it: no daemon, no network.`

const GRAMMAR = `ARCHIVE is [TRANSPORT:]PATH[:REF|:@N]: a file, a folder, or - for stdin; TRANSPORT is docker-archive, oci,
oci-archive or rootfs, and found out by looking where it is left out; REF or N picks an image inside.
Exit codes: 0 clean, 1 findings, 2 could not be read or bad usage, 70 a bug of imgtar, 130 interrupted.
$0 help COMMAND shows a command's options and examples, $0 help CODE explains a finding or error code.`

/** Reads the command line. Errors: UsageError. */
export async function parse(
  argv: readonly string[],
  commands: readonly Command[],
  settings: ParseSettings,
): Promise<Request> {
  let request: Request | undefined
  const parser = commands.reduce(
    (soFar, command) => withCommand(soFar, command, (given) => (request = prepared(command, given))),
    base(settings),
  )
  let printed = ''
  await parser.parseAsync(readableByYargs(argv), {}, (_error: unknown, _given: unknown, output: string) => {
    printed = output
  })
  if (request !== undefined) return request
  if (printed === '') throw new UsageError('name a command')
  return { kind: 'text', text: `${printed}\n` }
}

function prepared(command: Command, given: Given): Request {
  const globals = readOptions(GLOBAL_OPTIONS, given)
  return { kind: 'run', run: command.prepare(given, globals), globals, full: given['no-trunc'] === true }
}

function base({ version, width }: ParseSettings): Argv {
  return yargs([])
    .scriptName('imgtar')
    .usage(OUTLINE)
    .locale('en')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .options(yargsOptions(GLOBAL_OPTIONS, 'Options of every command:'))
    .help('help', 'show this help')
    .alias('help', 'h')
    .version('version', 'show the version', version)
    .group(['help', 'version'], 'Options of every command:')
    .epilogue(GRAMMAR)
    .demandCommand(1, 'name a command')
    .strict()
    .recommendCommands()
    .exitProcess(false)
    .wrap(width)
    .fail(refuse)
}

// yargs would run the command although its arguments are wrong, unless this throws.
function refuse(message: string | null, error: Error | undefined): never {
  throw error ?? new UsageError((message ?? 'the command line cannot be read').replaceAll('\n', ' '))
}

function withCommand(parser: Argv, command: Command, chosen: (given: Given) => void): Argv {
  const build = (inner: Argv): Argv =>
    Object.entries(command.positionals)
      .reduce((soFar, [name, positional]) => soFar.positional(name, yargsPositional(positional)), inner)
      .usage(`Usage: $0 ${usageOf(command)} [OPTION...]\n\n${sentence(command.summary)}`)
      .options(yargsOptions(command.options, 'Options:'))
      .example(command.examples.map(([line, meaning]): [string, string] => [`$0 ${line}`, meaning]))
  return parser.command(usageOf(command), command.summary, build, chosen)
}

/** The command with its operands, as `verify <archive..>`. */
export function usageOf(command: Command): string {
  const operands = Object.entries(command.positionals).map(([name, { kind }]) => {
    if (kind === 'many') return `<${name}..>`
    return kind === 'one' ? `<${name}>` : `[${name}]`
  })
  return [command.name, ...operands].join(' ')
}

function sentence(summary: string): string {
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`
}

function yargsPositional({ summary, kind, choices }: Positional): PositionalOptions {
  return { describe: summary, type: 'string', array: kind === 'many', ...(choices !== undefined && { choices }) }
}

function yargsOptions(options: Options, group: string): Record<string, YargsOptions> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, yargsOption(option, group)]))
}

function yargsOption(option: Option<unknown>, group: string): YargsOptions {
  const shared: YargsOptions = {
    describe: describe(option),
    group,
    ...(option.alias !== undefined && { alias: option.alias }),
  }
  return option.kind === 'flag' ? { ...shared, type: 'boolean' } : { ...shared, type: 'string', requiresArg: true }
}

function describe({ summary, placeholder }: Option<unknown>): string {
  return placeholder === undefined ? summary : `${placeholder}: ${summary}`
}
