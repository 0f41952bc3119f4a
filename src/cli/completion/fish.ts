import type { Command } from '../command.js'
import { wordsOf } from './words.js'
import type { CommandWords, OptionWords } from './words.js'

/** The completion script for fish. */
export function fishScript(commands: readonly Command[]): string {
  const words = wordsOf(commands)
  return [
    '# fish completion for imgtar; made by: imgtar completion fish',
    'complete -c imgtar -n __fish_use_subcommand -l version -d "show the version"',
    'complete -c imgtar -n __fish_use_subcommand -l help -d "show the help"',
    ...words.flatMap(commandLines),
    '',
  ].join('\n')
}

function commandLines({ name, summary, options, operands }: CommandWords): string[] {
  const inside = `complete -c imgtar -n '__fish_seen_subcommand_from ${name}'`
  const words = operands.length === 0 ? [] : [`${inside} -f -a '${operands.join(' ')}'`]
  return [
    `complete -c imgtar -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`,
    ...words,
    ...options.map((option) => `${inside} ${optionSpec(option)}`),
  ]
}

function optionSpec({ name, alias, summary, takesValue, choices }: OptionWords): string {
  const short = alias === undefined ? '' : ` -s ${alias}`
  const value = choices.length === 0 ? '' : ` -a '${choices.join(' ')}'`
  return `-l ${name}${short}${takesValue ? ' -x' : ''}${value} -d ${fishQuoted(summary)}`
}

// fish knows two escapes between single quotes: of the quote and of the backslash.
function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
