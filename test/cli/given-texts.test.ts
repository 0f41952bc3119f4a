import { describe, expect, test } from 'vitest'
import { textsOf } from '../../src/cli/arguments.js'
import type { Given } from '../../src/cli/arguments.js'
import type { Command } from '../../src/cli/command.js'
import { COMMANDS } from '../../src/cli/commands/index.js'
import { readableByYargs } from '../../src/cli/operands.js'
import { parse } from '../../src/cli/parse.js'
import { shortOptionsApart } from '../../src/cli/short-options.js'

/** What the command of a line is given, before its options read it. */
async function givenTo(argv: readonly string[]): Promise<Given> {
  let given: Given = {}
  const watched = COMMANDS.map((command): Command => {
    const prepare: Command['prepare'] = (own) => {
      given = own
      return () => Promise.resolve('')
    }
    return { ...command, prepare }
  })
  await parse(readableByYargs(shortOptionsApart(argv, COMMANDS)), watched)
  return given
}

const short = (alias: string): string => (alias.length === 1 ? `-${alias}` : `--${alias}=`)

const SPELLINGS: readonly [string, (name: string, alias: string, text: string) => readonly string[]][] = [
  ['--name value', (name, _, text) => [`--${name}`, text]],
  ['--name=value', (name, _, text) => [`--${name}=${text}`]],
  ['-nvalue', (_, alias, text) => [`${short(alias)}${text}`]],
]

// The shell took off its own quotes: these belong to the value.
const TEXTS = ['"x"', "'CMD x'", '""', '"', '\'["a b", "c"]\'', 'a=-', '"-"']

describe.each(COMMANDS)('imgtar $name', ({ name, positionals, options }) => {
  const valued = Object.entries(options).filter(([option, { kind }]) => kind !== 'flag' && option !== 'report')

  test.each(SPELLINGS)('takes the value of every option as the shell gave it: %s', async (_, spelled) => {
    for (const text of TEXTS) {
      const given = await givenTo([
        name,
        ...valued.flatMap(([option, { alias = option }]) => spelled(option, alias, text)),
      ])
      for (const [option] of valued) expect([option, textsOf(given[option])]).toEqual([option, [text]])
    }
  })

  test('takes every operand as the shell gave it', async () => {
    const operands = Object.keys(positionals)
    for (const text of TEXTS) {
      const given = await givenTo([name, ...operands.map(() => text)])
      for (const operand of operands) expect(textsOf(given[operand])).toEqual([text])
    }
  })
})
