import type { Option } from '../arguments.js'
import type { Command } from '../command.js'
import { GLOBAL_OPTIONS } from '../options.js'

/** An option as shells complete it. */
export interface OptionWords {
  readonly name: string
  readonly alias?: string
  readonly summary: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/** A command as shells complete it. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  /** Its own options, then the global ones. */
  readonly options: readonly OptionWords[]
  /** The words its first operand is one of; empty where it is a file. */
  readonly operands: readonly string[]
}

const HELP: OptionWords = { name: 'help', alias: 'h', summary: 'show the help', takesValue: false, choices: [] }

/** What shells need to know of the commands. */
export function wordsOf(commands: readonly Command[]): CommandWords[] {
  return commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    options: [...Object.entries(command.options), ...Object.entries(GLOBAL_OPTIONS)].map(optionWords).concat(HELP),
    operands: Object.values(command.positionals)[0]?.choices ?? [],
  }))
}

function optionWords([name, option]: [string, Option<unknown>]): OptionWords {
  return {
    name,
    summary: option.summary,
    takesValue: option.kind !== 'flag',
    choices: option.choices ?? [],
    ...(option.alias !== undefined && { alias: option.alias }),
  }
}

/** A text between single quotes for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
