import type { Command } from '../command.js'
import { wordsOf } from './words.js'
import type { CommandWords, OptionWords } from './words.js'

/** The completion script for bash 4 and later, with or without bash-completion. */
export function bashScript(commands: readonly Command[]): string {
  const words = wordsOf(commands)
  return `# bash completion for imgtar; made by: imgtar completion bash
_imgtar() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= index
  for ((index = 1; index < COMP_CWORD; index++)); do
    [[ \${COMP_WORDS[index]} == -* ]] || { command=\${COMP_WORDS[index]}; break; }
  done
  COMPREPLY=()
  case $before in
${choiceCases(words)}
  esac
  case $command in
    '' | help) mapfile -t COMPREPLY < <(compgen -W '${words.map((one) => one.name).join(' ')} --help --version' -- "$word") ;;
${words.map(commandCase).join('\n')}
  esac
}
complete -o default -o bashdefault -F _imgtar imgtar
`
}

function choiceCases(words: readonly CommandWords[]): string {
  const options = new Map(words.flatMap((command) => command.options).map((option) => [option.name, option]))
  return [...options.values()]
    .filter((option) => option.choices.length > 0)
    .map(
      (option) =>
        `    ${spellings(option)}) mapfile -t COMPREPLY < <(compgen -W '${option.choices.join(' ')}' -- "$word"); return ;;`,
    )
    .join('\n')
}

function commandCase({ name, options, operands }: CommandWords): string {
  const list = options.map((option) => `--${option.name}`).join(' ')
  const rest =
    operands.length === 0 ? '' : ` || mapfile -t COMPREPLY < <(compgen -W '${operands.join(' ')}' -- "$word")`
  return `    ${name}) [[ $word == -* ]] && mapfile -t COMPREPLY < <(compgen -W '${list}' -- "$word")${rest} ;;`
}

function spellings({ name, alias }: OptionWords): string {
  return alias === undefined ? `--${name}` : `--${name} | -${alias}`
}
