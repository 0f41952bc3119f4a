import type { Option, Options } from './arguments.js'
import type { Command } from './command.js'
import { GLOBAL_OPTIONS } from './options.js'

const OPERAND = `ARCHIVE is [TRANSPORT:]PATH[:REF|:@N], or - for stdin: a file or folder, and which image of it.
  app.tar            whatever it is: imgtar looks inside, names mean nothing
  bundle.tar:web:2   the image web:2 of several; bundle.tar:@0 the first one, -:@0 of stdin
  oci:build/layout   TRANSPORT is docker-archive, oci, oci-archive, rootfs or docker-root
A path that exists wins over a colon in its name.`

const EXIT_CODES = `Exit codes: 0 clean, 1 findings, 2 could not be read or bad usage, 70 a bug of imgtar, 130 interrupted.`

const ENVIRONMENT = `Environment: TMPDIR (for what must be read twice), NO_COLOR, FORCE_COLOR, SOURCE_DATE_EPOCH (what "2 weeks ago" counts from), IMGTAR_DEBUG=1 (stacks).`

/** The help of imgtar: commands, operands, options of all, exit codes. */
export function helpText(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => signature(command).length)) + 2
  return lines(
    'Usage: imgtar COMMAND ARCHIVE... [OPTION...]',
    '',
    'Opens every container-image tarball and proves it: no daemon, no network.',
    '',
    'Commands:',
    ...commands.map((command) => `  ${signature(command).padEnd(width)}${command.summary}`),
    `  ${'help COMMAND|CODE'.padEnd(width)}show a command's options and examples, or what a finding means`,
    '',
    OPERAND,
    '',
    'Options of every command:',
    ...optionLines(GLOBAL_OPTIONS),
    '      --version              show the version',
    '',
    EXIT_CODES,
    ENVIRONMENT,
  )
}

/** The help of one command: what it does, examples first. */
export function commandHelp(command: Command): string {
  const operands = Object.entries(command.positionals)
  return lines(
    `Usage: imgtar ${signature(command)} [OPTION...]`,
    '',
    `${command.summary.slice(0, 1).toUpperCase()}${command.summary.slice(1)}.`,
    '',
    ...command.examples.flatMap(([line, meaning]) => [`  ${line}`, `      ${meaning}`]),
    '',
    ...operands.map(([name, { summary }]) => `  ${name.toUpperCase().padEnd(9)}  ${summary}`),
    ...section('Options:', command.options),
    ...section('Options of every command:', GLOBAL_OPTIONS),
    '',
    EXIT_CODES,
  )
}

function signature(command: Command): string {
  const operands = Object.entries(command.positionals).map(([name, { kind }]) => {
    const shown = name.toUpperCase()
    if (kind === 'many') return `${shown}...`
    if (kind === 'any') return `[${shown}...]`
    return kind === 'one' ? shown : `[${shown}]`
  })
  return [command.name, ...operands].join(' ')
}

function section(title: string, options: Options): string[] {
  return Object.keys(options).length === 0 ? [] : ['', title, ...optionLines(options)]
}

function optionLines(options: Options): string[] {
  return Object.entries(options).map(([name, option]) => optionLine(name, option))
}

function optionLine(name: string, { alias, placeholder, summary }: Option<unknown>): string {
  const short = alias === undefined ? '    ' : `-${alias}, `
  const long = placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`
  // A long placeholder gets a line of its own.
  return long.length > 22 ? `  ${short}${long}\n${' '.repeat(29)}${summary}` : `  ${short}${long.padEnd(23)}${summary}`
}

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`
}
