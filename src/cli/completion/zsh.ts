import type { Command } from '../command.js'
import { quoted, wordsOf } from './words.js'
import type { CommandWords, OptionWords } from './words.js'

/** The completion script for zsh. */
export function zshScript(commands: readonly Command[]): string {
  const words = wordsOf(commands)
  return `#compdef imgtar
# zsh completion for imgtar; made by: imgtar completion zsh
_imgtar() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C '--help[show the help]' '--version[show the version]' '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${words.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command commands ;;
    rest)
      case $line[1] in
${words.map(commandCase).join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _imgtar ]; then _imgtar "$@"; else compdef _imgtar imgtar; fi
`
}

function commandCase({ name, options, operands }: CommandWords): string {
  const rest = operands.length === 0 ? "'*:file:_files'" : `'1:operand:(${operands.join(' ')})'`
  return `        ${name}) _arguments ${[...options.map(spec), rest].join(' ')} ;;`
}

function spec({ name, summary, takesValue, choices }: OptionWords): string {
  // Brackets and colons end a description.
  const text = summary.replace(/[[\]:\\]/g, '\\$&')
  const value = choices.length === 0 ? ':value: ' : `:value:(${choices.join(' ')})`
  return quoted(`--${name}${takesValue ? '=' : ''}[${text}]${takesValue ? value : ''}`)
}
