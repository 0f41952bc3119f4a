import { defineCommand } from '../command.js'
import type { Command } from '../command.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const

/** `imgtar completion`: a static script, made of the commands given. */
export function completion(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: 'completion',
    summary: 'print a completion script for a shell',
    positionals: { shell: { kind: 'one', summary: 'bash, zsh or fish', choices: SHELLS } },
    options: {},
    examples: [
      ['source <(imgtar completion bash)', 'for this bash; the same line in ~/.bashrc for every other'],
      ['imgtar completion zsh > "${fpath[1]}/_imgtar"', 'for zsh'],
      ['imgtar completion fish > ~/.config/fish/completions/imgtar.fish', 'for fish'],
    ],
    async run({ operands }) {
      const { COMPLETION_SCRIPTS } = await import('../completion/index.js')
      const shell = SHELLS.find((one) => one === operands.shell)
      return shell === undefined ? '' : COMPLETION_SCRIPTS[shell](commands())
    },
  })
}
