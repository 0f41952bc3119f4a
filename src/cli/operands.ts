import { STDIO } from './arguments.js'

/**
 * The command line as yargs can read it: `-` becomes `stdio:`, also in `-:REF`, since yargs makes it an empty text or
 * takes what follows for options; operands behind `--` lose the `--` and get `./` where they begin with a dash, since yargs fills no operands from behind it; `--no-color`
 * becomes `--color=never`.
 */
export function readableByYargs(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  const operands = end < 0 ? [] : argv.slice(end + 1)
  return [
    ...options.map(option),
    ...operands.map((text) => dash(text.length > 1 && text.startsWith('-') ? `./${text}` : text)),
  ]
}

function option(text: string): string {
  if (text === '--no-color') return '--color=never'
  // Only where the value is nothing else: `--env=A=-` sets A to a dash.
  const [, name, value] = /^(--[^=]+=)(-(?::.*)?)$/s.exec(text) ?? []
  return name !== undefined && value !== undefined ? name + dash(value) : dash(text)
}

function dash(text: string): string {
  return text === '-' || text.startsWith('-:') ? STDIO + text.slice(1) : text
}
