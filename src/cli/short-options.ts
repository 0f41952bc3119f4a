import type { Options } from './arguments.js'
import type { Command } from './command.js'
import { GLOBAL_OPTIONS } from './options.js'
import { UsageError } from './usage-error.js'

/**
 * A command line whose short options stand each for itself, as POSIX has them (XBD 12.2): `-oFILE` becomes
 * `--output=FILE`, and `-fo FILE` becomes `-f -o FILE`. yargs would take each letter of FILE for an option. Errors:
 * UsageError for a letter that is no option, and a digit, which none is.
 */
export function shortOptionsApart(argv: readonly string[], commands: readonly Command[]): string[] {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  // Values of global options may come before it.
  const name = words.find((word) => commands.some((one) => one.name === word))
  const command = commands.find((one) => one.name === name)
  const letters = lettersOf({ ...GLOBAL_OPTIONS, ...command?.options })
  const apart = words.flatMap((word) => (/^-(?:[a-z].|\d)/is.test(word) ? takenApart(word, letters) : [word]))
  return [...apart, ...argv.slice(words.length)]
}

type Letters = ReadonlyMap<string, { readonly name: string; readonly isFlag: boolean }>

function lettersOf(options: Options): Letters {
  return new Map(
    Object.entries(options).flatMap(([name, { alias, kind }]) =>
      alias === undefined ? [] : [[alias, { name, isFlag: kind === 'flag' }] as const],
    ),
  )
}

function takenApart(word: string, letters: Letters): string[] {
  const apart: string[] = []
  for (const [at, letter] of Array.from(word).entries()) {
    if (at === 0) continue
    const option = letters.get(letter)
    if (option === undefined) throw new UsageError(`there is no option -${letter}, in ${word}`)
    const rest = word.slice(at + 1)
    if (option.isFlag || rest === '') apart.push(`-${letter}`)
    // Who knows docker may write -o=FILE.
    else return [...apart, `--${option.name}=${rest.replace(/^=/, '')}`]
  }
  return apart
}
