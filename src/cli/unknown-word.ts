import type { Command } from './command.js'
import { nearest } from './nearest.js'
import { GLOBAL_OPTIONS } from './options.js'

/** What is wrong with a word of a command line that nothing takes, by its name without dashes, and what it may mean. */
export function unknownWord(name: string, words: readonly string[], commands: readonly Command[]): string {
  // Values of global options may come before the command.
  const command = commands.find((one) => words.includes(one.name))
  if (isOption(name, words)) {
    const options = [...Object.keys({ ...command?.options, ...GLOBAL_OPTIONS }), 'help', 'version']
    const dashes = words.includes(`-${name}`) ? '-' : '--'
    return `there is no option ${dashes}${name}${meant(nearest(name, options), '--')}`
  }
  if (command !== undefined) return `${command.name} takes no more operands: ${name}`
  const names = [...commands.map((one) => one.name), 'help']
  return `there is no command '${name}'${meant(nearest(name, names), '')}`
}

function isOption(name: string, words: readonly string[]): boolean {
  return words.some((word) => [`-${name}`, `--${name}`].includes(word) || word.startsWith(`--${name}=`))
}

function meant(word: string | undefined, dashes: string): string {
  return word === undefined ? '' : `; did you mean ${dashes}${word}?`
}
