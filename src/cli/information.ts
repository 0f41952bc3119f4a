import type { Command } from './command.js'
import { ERROR_CODES } from '../errors.js'
import { FINDINGS } from '../findings.js'
import { explain } from './explain.js'
import { codesLike } from './finding-code.js'
import { commandHelp, helpText } from './help.js'
import { nearest } from './nearest.js'
import { UsageError } from './usage-error.js'
import { toolVersion } from './version.js'

/**
 * The text that a command line asks for instead of work: help, the version, what a code means; undefined where it asks
 * for work. Errors: UsageError for help on something unknown.
 */
export function informationFor(words: readonly string[], commands: readonly Command[]): string | undefined {
  const [first, second] = words
  if (first === 'help') return helpOn(second, commands)
  if (first === '--version') return `${toolVersion()}\n`
  if (!words.includes('--help') && !words.includes('-h')) return undefined
  return helpOn(first?.startsWith('-') === true ? undefined : first, commands)
}

function helpOn(subject: string | undefined, commands: readonly Command[]): string {
  if (subject === undefined || subject === 'help' || subject.startsWith('-')) return helpText(commands)
  const command = commands.find(({ name }) => name === subject)
  const text = command === undefined ? explain(subject.toUpperCase()) : commandHelp(command)
  if (text === undefined)
    throw new UsageError(`there is no command and no code '${subject}'${meant(subject, commands)}`)
  return text
}

function meant(subject: string, commands: readonly Command[]): string {
  const command = nearest(
    subject,
    commands.map(({ name }) => name),
  )
  const codes = [...Object.keys(FINDINGS), ...Object.keys(ERROR_CODES)]
  const near = command === undefined ? codesLike(subject.toUpperCase(), codes) : [command]
  if (near.length > 1) return `; there are ${near.join(', ')}`
  return near.length === 0 ? '' : `; did you mean ${near.join('')}?`
}
